"""Kafka by SASL_SSL and PostgreSQL by sslmode=verify-full, with an authority of the tests' own: what docs/kafka.md and
docs/postgresql.md tell to set is set here, and who is not to be trusted is not."""

import shutil
import subprocess

import pytest

from kafka_broker import running_broker
from load import stored_lines
from millrace_platform import SANITIZED, assert_nowhere, await_log, event, running
from postgres_server import running_postgres

PASSWORD, BROKER_PASSWORD = "se'cret;$x", "broker-secret"

pytestmark = pytest.mark.skipif(SANITIZED, reason="servers and sanitizers together are too slow")


class Authority:
    """Signs certificates for servers that are reached by one address."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        self.openssl("req", "-x509", *self.new_key(self.key), "-subj", f"/CN={name}", "-days", 2, "-out", self.certificate)

    @staticmethod
    def new_key(path):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", path]

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=self.folder)

    def sign(self, server, names):
        """Returns the paths of the server's certificate and key."""
        key, request, certificate = (self.folder / f"{server}.{kind}" for kind in ("key", "request", "pem"))
        extensions = self.folder / f"{server}.extensions"
        extensions.write_text(f"subjectAltName={names}\n")
        self.openssl("req", "-new", *self.new_key(key), "-subj", f"/CN={server}", "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                     "-days", 2, "-extfile", extensions, "-out", certificate)
        return certificate, key


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing (package openssl)")
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder):
    return Authority(folder, "authority")


@pytest.fixture(scope="module")
def stranger(folder):
    return Authority(folder, "stranger")


@pytest.fixture(scope="module")
def secured_broker(authority):
    certificate, key = authority.sign("broker", "IP:127.0.0.1")
    chain = authority.folder / "broker-chain.pem"
    chain.write_text(key.read_text() + certificate.read_text())
    extra = authority.folder / "broker.properties"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    extra.write_text(f"""
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config={plain} required username="broker" password="{BROKER_PASSWORD}" user_broker="{BROKER_PASSWORD}" user_plain="{PASSWORD}";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram} required;
ssl.keystore.type=PEM
ssl.keystore.location={chain}
ssl.truststore.type=PEM
ssl.truststore.location={authority.certificate}
""")
    with running_broker(KAFKA_PROTOCOL="SASL_SSL", KAFKA_EXTRA=str(extra),
                        KAFKA_FORMAT=f"--add-scram SCRAM-SHA-512=[name=millrace,password={PASSWORD}]") as started:
        yield started


@pytest.fixture(scope="module")
def secured_postgres(authority):
    with running_postgres() as server:
        data = server.folder / "data"
        owner = data.owner()
        for path, kind in zip(authority.sign("postgres", "IP:127.0.0.1"), ("crt", "key")):
            shutil.copy(path, data / f"server.{kind}")
            (data / f"server.{kind}").chmod(0o600)
            shutil.chown(data / f"server.{kind}", owner)
        rules = data / "pg_hba.conf"
        rules.write_text("local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        socket = server.socket_url(server.url)
        subprocess.run(["psql", "--no-psqlrc", socket, "-c", "ALTER SYSTEM SET ssl = on", "-c", "SELECT pg_reload_conf()"],
                       check=True, capture_output=True)
        yield server


def kafka_settings(broker, prefix, authority, mechanism="SCRAM-SHA-512", user="millrace", password=PASSWORD):
    return {
        "MILLRACE_BUS": broker.url(prefix),
        "MILLRACE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "MILLRACE_KAFKA_SSL_CA_LOCATION": str(authority.certificate),
        "MILLRACE_KAFKA_SASL_MECHANISM": mechanism,
        "MILLRACE_KAFKA_SASL_USERNAME": user,
        "MILLRACE_KAFKA_SASL_PASSWORD": password,
    }


def store_url(server, authority, host="127.0.0.1"):
    url = server.url.replace("127.0.0.1", host)
    return f"{url}?sslmode=verify-full&sslrootcert={authority.certificate}"


def check_the_way_of_an_event(platform):
    for number in range(20):
        assert platform.post(event(InvoiceNo=f"T{number}"))[0] == 201
    platform.wait_settled()
    assert {invoice for invoice, _ in stored_lines(platform)} == {f"T{number}" for number in range(20)}


@pytest.mark.parametrize("mechanism, user", [("SCRAM-SHA-512", "millrace"), ("PLAIN", "plain")])
def test_events_travel_encrypted_and_by_password(secured_broker, secured_postgres, authority, prefix, mechanism, user):
    secured_postgres_url = store_url(secured_postgres, authority)
    settings = kafka_settings(secured_broker, prefix, authority, mechanism, user)
    with running(MILLRACE_STORE=secured_postgres_url, **settings) as platform:
        before = len(stored_lines(platform))
        assert before in (0, 20)  # the database is that of both mechanisms: the same events are there once
        check_the_way_of_an_event(platform)
        assert PASSWORD not in platform.run("config", "show").stdout
        assert platform.run("config", "check").returncode == 0


def refused(platform, command):
    done = platform.run(*command, check=False, timeout=60)
    assert done.returncode != 0
    assert PASSWORD not in done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("wrong", ["authority", "password", "user", "protocol"])
def test_a_broker_is_not_talked_to_on_wrong_terms(secured_broker, authority, stranger, prefix, wrong):
    settings = kafka_settings(secured_broker, prefix, authority)
    said = {"authority": "certificate verify failed", "password": "uthentication", "user": "uthentication", "protocol": ""}[wrong]
    settings |= {
        "authority": {"MILLRACE_KAFKA_SSL_CA_LOCATION": str(stranger.certificate)},
        "password": {"MILLRACE_KAFKA_SASL_PASSWORD": "guessed"},
        "user": {"MILLRACE_KAFKA_SASL_USERNAME": "nobody"},
        "protocol": {"MILLRACE_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
    }[wrong]
    with running(role=None, **settings) as platform:
        assert said in refused(platform, ["topic", "list"])


def test_a_broker_under_another_name_is_not_talked_to(secured_broker, authority, prefix):
    settings = kafka_settings(secured_broker, prefix, authority)
    settings["MILLRACE_BUS"] = settings["MILLRACE_BUS"].replace("127.0.0.1", "localhost")
    with running(role=None, **settings) as platform:
        assert "certificate verify failed" in refused(platform, ["topic", "list"])


def test_a_database_is_not_talked_to_on_wrong_terms(secured_postgres, authority, stranger):
    for url, said in (
            (store_url(secured_postgres, stranger), "certificate verify failed"),
            (store_url(secured_postgres, authority, "localhost"), "does not match host name"),
            (f"{secured_postgres.url}?sslmode=disable", "no encryption")):
        with running(role=None, MILLRACE_STORE=url) as platform:
            assert said in refused(platform, ["customer", 1])


# --- Passwords that change while roles run ---

def rotated(platform, setting, file, value):
    """Puts the value into the file that the setting refers to; returns once gateway and processor have taken it."""
    file.with_suffix(".new").write_text(value)
    file.with_suffix(".new").replace(file)
    for role in ("gateway", "processor"):
        await_log(platform, f"{role}: {setting} is ", platform.processes[0])


def is_taken(platform, invoice):
    """Posts until the event is taken: connections are being made anew."""
    for _ in range(100):
        if platform.post(event(InvoiceNo=invoice))[0] == 201:
            return True
    return False


@pytest.mark.parametrize("setting", ["MILLRACE_STORE", "POSTGRES_PASSWORD"])
def test_a_databases_new_password_is_used_for_the_next_connection(secured_postgres, authority, tmp_path, setting):
    name = f"rotating_{setting.lower()}"
    secured_postgres.query(f"CREATE ROLE {name} LOGIN PASSWORD 'first-0815'")
    secured_postgres.query(f"CREATE DATABASE {name} OWNER {name}")
    host, port = secured_postgres.address.split(":")
    url = f"postgresql://{name}:{{}}@{host}:{port}/{name}?sslmode=verify-full&sslrootcert={authority.certificate}"
    value = url.format if setting == "MILLRACE_STORE" else str
    held = tmp_path / "held"
    held.write_text(value("first-0815"))
    settings = {"MILLRACE_STORE": f"ref:file:{held}"} if setting == "MILLRACE_STORE" else {
        "MILLRACE_STORE": "postgresql:", "POSTGRES_HOST": host, "POSTGRES_PORT": port, "POSTGRES_DB": name,
        "POSTGRES_USER": name, "POSTGRES_PASSWORD": f"file:{held}", "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(authority.certificate)}
    with running(MILLRACE_ROLES="gateway,processor", MILLRACE_SECRETS_REFRESH="100ms", **settings) as platform:
        assert platform.post(event(InvoiceNo="T1"))[0] == 201
        platform.wait_settled()
        secured_postgres.query(f"ALTER ROLE {name} PASSWORD 'second-4711'")
        rotated(platform, setting, held, value("second-4711"))
        secured_postgres.query(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{name}'")
        assert platform.post(event(InvoiceNo="T2"))[0] == 201
        platform.wait_settled()
        assert platform.answer("status")["store"]["lines"] == 2
        assert_nowhere(platform, "first-0815", "second-4711", texts=[platform.run("config", "show").stdout])


def test_a_brokers_new_password_is_used_for_the_next_connection(secured_broker, authority, prefix, tmp_path):
    administrator = tmp_path / "administrator.properties"
    administrator.write_text(
        "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nssl.truststore.type=PEM\n"
        f"ssl.truststore.location={authority.certificate}\nsasl.jaas.config="
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        f'username="broker" password="{BROKER_PASSWORD}";\n')

    def set_password(value):
        secured_broker.tool("kafka.admin.ConfigCommand", "--command-config", administrator, "--alter", "--add-config",
                            f"SCRAM-SHA-512=[password={value}]", "--entity-type", "users", "--entity-name", "rotating")

    held = tmp_path / "held"
    held.write_text("first-0815")
    set_password("first-0815")
    settings = kafka_settings(secured_broker, prefix, authority, user="rotating", password=f"file:{held}")
    with running(MILLRACE_ROLES="gateway,processor", MILLRACE_SECRETS_REFRESH="100ms", **settings) as platform:
        assert platform.post(event(InvoiceNo="T1"))[0] == 201
        platform.wait_settled()
        set_password("second-4711")
        rotated(platform, "MILLRACE_KAFKA_SASL_PASSWORD", held, "second-4711")
        secured_broker.stop()
        secured_broker.again()
        assert is_taken(platform, "T2")
        platform.wait_settled()
        assert {invoice for invoice, _ in stored_lines(platform)} == {"T1", "T2"}
        assert_nowhere(platform, "first-0815", "second-4711")
