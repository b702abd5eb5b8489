"""A Key Vault for tests: one of their own, after the documented interface, and lowkey-vault where it can be had.

The tests' own is also the authority that gives tokens (for a client secret and a signed assertion) and the metadata
service of a machine. It keeps what it was asked, and can be told to refuse, to be away, to ask for another domain's
token. Both are started with an address of loopback and a certificate of their own.
"""

import base64
import contextlib
import http.client
import http.server
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START = ROOT / "tests/peers/vault/start.sh"
TENANT, CLIENT, CLIENT_SECRET = "11111111-2222-3333-4444-555555555555", "client-7", "Cl1ent&Secret=9471"


def openssl(folder, *arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder, **options)


def certificate(folder, name, subject="/CN=localhost"):
    """Makes name.pem and name.key, signed by itself for localhost."""
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-days", 2, "-subj", subject, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    return folder / f"{name}.pem", folder / f"{name}.key"


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class OwnVault:
    """What it holds and how it behaves are attributes; a test changes them while it runs."""

    name = "own"

    def __init__(self, folder):
        self.folder = Path(folder)
        self.ca, key = certificate(self.folder, "vault")
        self.secrets = {}              # name -> [(version, value), ...]
        self.forbidden = set()         # names that nobody may read
        self.tokens = {}               # token -> (resource, when it ends)
        self.token_seconds = 3600
        self.asked = []                # (method, path, token or None) of the vault
        self.forms = []                # of the authority
        self.domain = None             # that challenges name instead of its own
        self.spelling = "authorization"
        self.principal_certificate = None
        self.away = False
        self.throttle = 0              # token requests still to be answered 429
        self.server = self.serve()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.metadata = self.serve()
        self.host = f"localhost:{self.server.server_address[1]}"
        self.metadata_host = f"http://127.0.0.1:{self.metadata.server_address[1]}"
        for server in (self.server, self.metadata):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def serve(self):
        vault = self

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self):
                vault.get(self)

            def do_POST(self):
                vault.give_to_principal(self)

            def log_message(self, *_):
                pass

        return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def close(self):
        for server in (self.server, self.metadata):
            server.shutdown()
            server.server_close()

    # --- Secrets ---

    def set(self, name, value):
        """A new version; returns its name."""
        version = os.urandom(16).hex()
        self.secrets.setdefault(name, []).append((version, value))
        return version

    @staticmethod
    def answer(handler, status, body, **headers):
        text = json.dumps(body).encode()
        handler.send_response(status)
        for key, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            handler.send_header(key.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(text)

    def refuse(self, handler, status, code, message, **headers):
        self.answer(handler, status, {"error": {"code": code, "message": message}}, **headers)

    def get(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        if url.path == "/metadata/identity/oauth2/token":
            self.give_to_machine(handler, urllib.parse.parse_qs(url.query))
            return
        words = handler.headers.get("Authorization", "").split()
        token = words[1] if len(words) == 2 and words[0] == "Bearer" else None
        self.asked.append((handler.command, handler.path, token))
        resource, ends = self.tokens.get(token, (None, 0))
        if self.away:
            self.refuse(handler, 503, "ServiceUnavailable", "away", Retry_After="0")
        elif resource is None or ends < time.time():
            domain = self.domain or f"https://{self.host}"
            self.refuse(handler, 401, "Unauthorized", "AKV10000: a token is needed",
                        WWW_Authenticate=f'Bearer {self.spelling}="https://login.example/{TENANT}", resource="{domain}"')
        elif "api-version" not in urllib.parse.parse_qs(url.query):
            self.refuse(handler, 400, "BadParameter", "api-version must be specified")
        else:
            self.give_secret(handler, url.path.strip("/").split("/"))

    def give_secret(self, handler, parts):
        versions = self.secrets.get(parts[1], []) if len(parts) in (2, 3) and parts[0] == "secrets" else []
        found = [item for item in versions if len(parts) == 2 or item[0] == parts[2]]
        if parts[1] in self.forbidden:
            self.refuse(handler, 403, "Forbidden", "Caller is not authorized to perform action on resource.")
        elif not found:
            self.refuse(handler, 404, "SecretNotFound", f"A secret with (name/id) {parts[1]} was not found in this key vault.")
        else:
            version, value = found[-1]
            self.answer(handler, 200, {"value": value, "id": f"https://{self.host}/secrets/{parts[1]}/{version}",
                                       "attributes": {"enabled": True}})

    # --- Tokens ---

    def new_token(self, resource):
        token = "eyJ" + os.urandom(24).hex()
        self.tokens[token] = (resource, time.time() + self.token_seconds)
        return token

    def give_to_machine(self, handler, query):
        if handler.headers.get("Metadata") != "true" or "resource" not in query:
            self.answer(handler, 400, {"error": "invalid_request", "error_description": "Required metadata header not specified"})
            return
        self.answer(handler, 200, {"access_token": self.new_token(query["resource"][0]), "token_type": "Bearer",
                                   "expires_in": str(self.token_seconds), "expires_on": str(int(time.time()) + self.token_seconds)})

    def give_to_principal(self, handler):
        form = dict(urllib.parse.parse_qsl(handler.rfile.read(int(handler.headers["Content-Length"])).decode()))
        self.forms.append(form)
        if self.throttle > 0:
            self.throttle -= 1
            self.answer(handler, 429, {"error": "temporarily_unavailable"}, Retry_After="0")
        elif (handler.path != f"/{TENANT}/oauth2/v2.0/token" or form.get("grant_type") != "client_credentials"
              or form.get("client_id") != CLIENT or not self.proves(form)):
            self.answer(handler, 401, {"error": "invalid_client", "error_description": f"AADSTS7000215: not so: {form}"})
        else:
            self.answer(handler, 200, {"access_token": self.new_token(form["scope"].removesuffix("/.default")),
                                       "token_type": "Bearer", "expires_in": self.token_seconds})

    def proves(self, form):
        if "client_secret" in form:
            return form["client_secret"] == CLIENT_SECRET
        return self.is_signed(form.get("client_assertion", ""))

    def is_signed(self, assertion):
        """Header, claims and signature as Entra checks them."""
        parts = assertion.split(".")
        if len(parts) != 3 or self.principal_certificate is None:
            return False
        header, claims = json.loads(decoded(parts[0])), json.loads(decoded(parts[1]))
        der = openssl(self.folder, "x509", "-in", self.principal_certificate, "-outform", "DER").stdout
        digest = openssl(self.folder, "dgst", "-sha256", "-binary", input=der).stdout
        (self.folder / "principal.pub").write_bytes(
            openssl(self.folder, "x509", "-in", self.principal_certificate, "-noout", "-pubkey").stdout)
        (self.folder / "assertion.sig").write_bytes(decoded(parts[2]))
        verified = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32",
             "-verify", "principal.pub", "-signature", "assertion.sig"],
            input=".".join(parts[:2]).encode(), cwd=self.folder, capture_output=True)
        return (header["alg"] == "PS256" and decoded(header["x5t#S256"]) == digest
                and claims["aud"] == f"https://{self.host}/{TENANT}/oauth2/v2.0/token"
                and claims["iss"] == claims["sub"] == CLIENT and claims["nbf"] <= time.time() < claims["exp"]
                and verified.returncode == 0)


class LowkeyVault:
    """The public stand-in: real answers, no say over how it behaves."""

    name = "lowkey-vault"

    def __init__(self, folder):
        self.folder = folder
        started = subprocess.run([START, folder], capture_output=True, text=True, timeout=400)
        self.missing = started.stderr.strip() if started.returncode == 77 else None
        if self.missing is None:
            assert started.returncode == 0, started.stderr
            self.host, self.metadata_host, self.ca = started.stdout.split()

    def close(self):
        subprocess.run([START, "--stop", self.folder], timeout=60)

    def set(self, name, value):
        address, port = self.host.split(":")
        connection = http.client.HTTPSConnection(address, int(port), context=ssl.create_default_context(cafile=self.ca))
        with contextlib.closing(connection):
            connection.request("PUT", f"/secrets/{name}?api-version=7.4", json.dumps({"value": value}),
                               {"Content-Type": "application/json", "Authorization": "Bearer any"})
            response = connection.getresponse()
            answer = json.loads(response.read())
            assert response.status == 200, answer
        return answer["id"].rsplit("/", 1)[1]


@contextlib.contextmanager
def running_vault(kind):
    folder = Path(tempfile.mkdtemp(prefix="millrace-vault-"))
    vault = kind(folder)
    try:
        yield vault
    finally:
        vault.close()
        shutil.rmtree(folder, ignore_errors=True)
