"""Settings that are references: read from a Key Vault, rotated there while a gateway runs, and nowhere to be seen."""

import json
import os
import shutil
from pathlib import Path

import pytest

from key_vault import CLIENT, CLIENT_SECRET, TENANT, LowkeyVault, OwnVault, certificate, running_vault
from millrace_platform import assert_nowhere, await_log, event, running

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing (package openssl)")

KEY_ONE, KEY_TWO = "mr_First-Key-0815-of-the-vault", "mr_Second-Key-4711-of-the-vault"


@pytest.fixture(scope="module")
def own():
    with running_vault(OwnVault) as vault:
        yield vault


@pytest.fixture(scope="module", params=[OwnVault, LowkeyVault], ids=lambda kind: kind.name)
def vault(request):
    if request.param is OwnVault:
        yield request.getfixturevalue("own")
        return
    with running_vault(LowkeyVault) as started:
        if started.missing:
            pytest.skip(started.missing)
        yield started


@pytest.fixture
def fresh(own):
    """The tests' own vault, behaving well."""
    own.away, own.domain, own.spelling, own.throttle, own.token_seconds = False, None, "authorization", 0, 3600
    own.forbidden, own.principal_certificate = set(), None
    own.tokens.clear(), own.asked.clear(), own.forms.clear()
    return own


def as_machine(vault, **settings):
    return {"MILLRACE_AZURE_AUTH": "managed-identity", "MILLRACE_AZURE_METADATA_HOST": vault.metadata_host,
            "MILLRACE_AZURE_CA_FILE": str(vault.ca), **settings}


def as_principal(vault, **settings):
    return {"MILLRACE_AZURE_TENANT_ID": TENANT, "MILLRACE_AZURE_CLIENT_ID": CLIENT,
            "MILLRACE_AZURE_AUTHORITY": f"https://{vault.host}", "MILLRACE_AZURE_CA_FILE": str(vault.ca), **settings}


def status_with(platform, key):
    return platform.post(event(), **({"X-API-Key": key} if key else {}))[0]


# --- Rotation ---

def test_a_rotated_key_reaches_a_running_gateway_and_is_nowhere_to_be_seen(vault):
    vault.set("gateway-key", KEY_ONE)
    reference = f"keyvault://{vault.host}/gateway-key"
    settings = as_machine(vault, MILLRACE_GATEWAY_KEY=reference, MILLRACE_AUTH="required",
                          MILLRACE_SECRETS_REFRESH="100ms", MILLRACE_GATEWAY_KEY_GRACE="0", MILLRACE_LOG_LEVEL="debug")
    with running("gateway", **settings) as platform:
        process = platform.processes[0]
        assert status_with(platform, KEY_ONE) == 201
        assert status_with(platform, KEY_TWO) == 401
        vault.set("gateway-key", KEY_TWO)
        await_log(platform, f"MILLRACE_GATEWAY_KEY is {reference}: a new value, taken from now on", process)
        assert process.poll() is None
        assert status_with(platform, KEY_TWO) == 201
        assert status_with(platform, KEY_ONE) == 401
        shown = platform.run("config", "show")
        told = platform.run("config", "show", "--json")
        assert f"{reference} (resolved)" in shown.stdout
        described = {item["name"]: item for item in json.loads(told.stdout)["settings"]}
        assert described["MILLRACE_GATEWAY_KEY"]["value"] == f"{reference} (resolved)"
        assert_nowhere(platform, KEY_ONE, KEY_TWO, texts=(shown.stdout, shown.stderr, told.stdout, told.stderr))


def test_the_old_key_is_taken_for_a_while(fresh):
    fresh.set("graced", KEY_ONE)
    settings = as_machine(fresh, MILLRACE_GATEWAY_KEY=f"keyvault://{fresh.host}/graced", MILLRACE_AUTH="required",
                          MILLRACE_SECRETS_REFRESH="100ms", MILLRACE_GATEWAY_KEY_GRACE="1h")
    with running("gateway", **settings) as platform:
        fresh.set("graced", KEY_TWO)
        await_log(platform, "a new value", platform.processes[0])
        assert [status_with(platform, key) for key in (KEY_ONE, KEY_TWO, KEY_TWO + "x", None)] == [201, 201, 401, 401]


def test_a_vault_that_is_away_leaves_the_value_as_it_was_and_is_logged_once(fresh):
    fresh.set("kept", KEY_ONE)
    settings = as_machine(fresh, MILLRACE_GATEWAY_KEY=f"keyvault://{fresh.host}/kept", MILLRACE_AUTH="required",
                          MILLRACE_SECRETS_REFRESH="100ms")
    with running("gateway", **settings) as platform:
        fresh.forbidden = {"kept"}
        await_log(platform, "the value it had is kept", platform.processes[0])
        count = len(fresh.asked)
        while len(fresh.asked) < count + 6:  # three more rounds
            status_with(platform, KEY_ONE)
        assert status_with(platform, KEY_ONE) == 201
        fresh.forbidden = set()
        log = await_log(platform, "it can be read again", platform.processes[0])
        assert log.count("the value it had is kept") == 1
        assert status_with(platform, KEY_ONE) == 201
        assert_nowhere(platform, KEY_ONE)


def test_a_platform_gives_its_roles_references_and_not_values(fresh):
    fresh.set("whole", KEY_ONE)
    reference = f"keyvault://{fresh.host}/whole"
    settings = as_machine(fresh, MILLRACE_GATEWAY_KEY=reference, MILLRACE_ROLES="gateway", MILLRACE_AUTH="required")
    with running(**settings) as platform:
        environment = Path(f"/proc/{platform.role_pid('gateway')}/environ").read_bytes()
        assert f"MILLRACE_GATEWAY_KEY={reference}".encode() in environment
        assert KEY_ONE.encode() not in environment
        assert status_with(platform, KEY_ONE) == 201


# --- Who reads ---

def test_a_principal_reads_by_its_secret_from_a_file_and_throttling_is_waited_out(fresh, tmp_path):
    version = fresh.set("by-secret", KEY_ONE)
    fresh.set("by-secret", KEY_TWO)
    fresh.throttle, fresh.spelling = 1, "authorization_uri"
    (tmp_path / "client-secret").write_text(CLIENT_SECRET + "\n")
    settings = as_principal(fresh, MILLRACE_AZURE_CLIENT_SECRET=f"file:{tmp_path}/client-secret",
                            MILLRACE_GATEWAY_KEY=f"keyvault://{fresh.host}/by-secret/{version}", MILLRACE_AUTH="required")
    with running("gateway", **settings) as platform:
        assert status_with(platform, KEY_ONE) == 201  # the version named, not the newest
        assert "vaults are read as client secret" in platform.log()
        assert_nowhere(platform, KEY_ONE, CLIENT_SECRET, *fresh.tokens)
    assert fresh.forms[-1]["scope"] == f"https://{fresh.host}/.default"


def test_a_principal_reads_by_its_certificate(fresh, tmp_path):
    public, key = certificate(tmp_path, "principal", "/CN=principal")
    both = tmp_path / "both.pem"
    both.write_text(public.read_text() + key.read_text())
    fresh.principal_certificate = public
    fresh.set("by-certificate", KEY_ONE)
    settings = as_principal(fresh, MILLRACE_AZURE_CLIENT_CERTIFICATE=str(both),
                            MILLRACE_GATEWAY_KEY=f"keyvault://{fresh.host}/by-certificate")
    with running(None, **settings) as platform:
        assert "(resolved)" in platform.run("config", "show").stdout
        other, _ = certificate(tmp_path, "other", "/CN=other")
        fresh.principal_certificate = other
        refused = platform.run("status", check=False)
        assert refused.returncode == 2 and "invalid_client" in refused.stderr


def test_the_usual_names_serve_where_ours_are_not_set(fresh):
    fresh.set("usual", KEY_ONE)
    settings = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": "somebody else", "MILLRACE_AZURE_CLIENT_ID": CLIENT,
                "AZURE_CLIENT_SECRET": CLIENT_SECRET, "AZURE_AUTHORITY_HOST": f"https://{fresh.host}/",
                "MILLRACE_AZURE_CA_FILE": str(fresh.ca), "MILLRACE_GATEWAY_KEY": f"keyvault://{fresh.host}/usual"}
    with running(None, **settings) as platform:
        shown = platform.run("config", "show").stdout
        assert "(resolved)" in shown and "environment, AZURE_TENANT_ID" in shown and CLIENT_SECRET not in shown


# --- What goes wrong ---

@pytest.fixture
def asking(fresh):
    """Runs a command with a reference; returns its exit status and what it complained of."""
    with running(None, **as_machine(fresh)) as platform:
        def ask(reference, name="MILLRACE_GATEWAY_KEY", **settings):
            platform.settings.update({name: reference, **settings})
            done = platform.run("status", check=False)
            assert done.returncode != 0
            assert f"{name} (environment) is {reference}: " in done.stderr
            assert len(done.stderr.strip().splitlines()) == 1
            platform.settings.pop(name)
            return done.returncode, done.stderr
        yield ask


def test_a_host_that_asks_for_another_domains_token_gets_none(fresh, asking):
    fresh.set("asked", KEY_ONE)
    for domain in ("https://vault.azure.net", "https://host", "http://" + fresh.host, "https://localhost.example"):
        fresh.domain = domain
        status, complaint = asking(f"keyvault://{fresh.host}/asked")
        assert status == 2 and f"asks for a token for {domain}, which is not its own domain" in complaint
    assert fresh.asked and not fresh.tokens
    assert all(token is None for _, _, token in fresh.asked)


def test_each_failure_says_what_it_is(fresh, asking):
    fresh.set("there", KEY_ONE)
    fresh.forbidden = {"kept-from-us"}
    assert "there is none: SecretNotFound" in asking(f"keyvault://{fresh.host}/nothing")[1]
    assert "Key Vault Secrets User" in asking(f"keyvault://{fresh.host}/kept-from-us")[1]
    assert "is written keyvault://" in asking("keyvault://no-name")[1]
    assert "who reads the vault cannot be read from it" in asking(
        f"keyvault://{fresh.host}/there", name="MILLRACE_AZURE_CLIENT_SECRET")[1]
    status, complaint = asking(f"keyvault://{fresh.host}/there", MILLRACE_AZURE_CA_FILE="/etc/hostname")
    assert "there of" in complaint


def test_a_value_that_is_not_allowed_is_not_shown(fresh):
    fresh.set("wrong", "Sesame-4711")
    settings = as_machine(fresh, MILLRACE_RATE_LIMIT=f"keyvault://{fresh.host}/wrong")
    with running(None, **settings) as platform:
        refused = platform.run("status", check=False)
        assert refused.returncode == 2 and "MILLRACE_RATE_LIMIT" in refused.stderr
        assert "4711" not in refused.stderr + platform.run("config", "show").stdout


def test_a_vault_that_cannot_be_reached_ends_the_start_and_not_what_needs_no_setting(fresh):
    with running(None, **as_machine(fresh, MILLRACE_GATEWAY_KEY=f"keyvault://{fresh.host}/there")) as platform:
        fresh.away = True
        shown = platform.run("config", "show")
        assert "(not resolved)" in shown.stdout and "MILLRACE_GATEWAY_KEY is keyvault" in shown.stderr
        platform.run("version")


# --- References of this machine ---

def test_files_and_variables_stand_in_for_secrets_and_a_lakes_folder_stays_one(tmp_path):
    (tmp_path / "key").write_text(KEY_ONE + "\n")
    (tmp_path / "limit").write_text("7")
    settings = {"MILLRACE_GATEWAY_KEY": f"file:{tmp_path}/key", "POSTGRES_PASSWORD": "env:HUSH", "HUSH": "Sesame-4711",
                "MILLRACE_LAKE": f"file:{tmp_path}/lake", "MILLRACE_RATE_LIMIT": f"ref:file:{tmp_path}/limit",
                "MILLRACE_KAFKA_SASL_PASSWORD": f"file:{tmp_path}/key", "MILLRACE_SECRETS_REFRESH": "100ms",
                "MILLRACE_AUTH": "required", "MILLRACE_GATEWAY_KEY_GRACE": "0"}
    with running("gateway", **settings) as platform:
        shown = platform.run("config", "show").stdout
        for line in ("POSTGRES_PASSWORD                    env:HUSH (resolved)", f"file:{tmp_path}/key (resolved)",
                     f"ref:file:{tmp_path}/limit (resolved)", f"MILLRACE_LAKE                        file:{tmp_path}/lake "):
            assert line in shown
        assert KEY_ONE not in shown and "4711" not in shown
        assert status_with(platform, KEY_ONE) == 201
        fresh_key = tmp_path / "fresh"
        fresh_key.write_text(KEY_TWO)
        os.replace(fresh_key, tmp_path / "key")
        await_log(platform, "MILLRACE_GATEWAY_KEY is file:", platform.processes[0])
        assert [status_with(platform, key) for key in (KEY_ONE, KEY_TWO)] == [401, 201]
        assert_nowhere(platform, KEY_ONE, KEY_TWO)
