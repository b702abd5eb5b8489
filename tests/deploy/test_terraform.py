"""The settings that Terraform gives the roles are millrace's own, and the program takes them."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from millrace_platform import PROGRAM

TOP = Path(__file__).resolve().parents[2]
TERRAFORM = TOP / "deploy/terraform"
# What Azure fills in, as it does.
FILLED = {
    "module.events.bus": "kafka://millrace-dev-shop1-events.servicebus.windows.net:9093",
    "module.vault.events_connection_reference": "keyvault://mr-dev-shop1/events-connection",
    "module.vault.postgres_password_reference": "keyvault://mr-dev-shop1/postgres-password",
    "module.database.host": "millrace-dev-shop1-store.postgres.database.azure.com",
    "module.database.database": "millrace",
    "module.storage.lake_url": "abfss://lake@millracedevshop1.dfs.core.windows.net/",
    "local.database_login": "millrace",
    "tostring(var.event_partitions)": "6",
    "var.schedule": "40 7 * * *",
    "var.timezone": "Europe/Paris",
    "var.shop": "Anna & sons",
    "var.web_url": "https://shop.example.com",
}


def settings():
    """The map of settings.tf, with what Azure fills in."""
    found = {}
    for name, value in re.findall(r"^ {4}([A-Z][A-Z_]+)\s*= (\S.*?)(?: #.*)?$", (TERRAFORM / "settings.tf").read_text(), re.M):
        found[name] = value[1:-1] if value.startswith('"') else FILLED[value]
    web_url = re.search(r"\{ MILLRACE_WEB_URL = (\S+) \}", (TERRAFORM / "settings.tf").read_text())
    found["MILLRACE_WEB_URL"] = FILLED[web_url[1]]
    return found


def reference():
    said = subprocess.run([PROGRAM, "config", "reference"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"`((?:MILLRACE|POSTGRES)_[A-Z_*]+)`", said))


def test_every_setting_is_millraces():
    found, known = settings(), reference()
    assert len(found) >= 20, found
    own = {name for name in found if not name.startswith("PG") and not name.startswith("MILLRACE_KAFKA_S") and name != "MILLRACE_KAFKA_COMPRESSION_TYPE"}
    assert own <= known, own - known


def test_the_modules_make_what_the_settings_say():
    outputs = {folder.parent.name: folder.read_text() for folder in TERRAFORM.glob("modules/*/outputs.tf")}
    for name in FILLED:
        if name.startswith("module."):
            _, module, output = name.split(".")
            assert f'output "{output}"' in outputs[module], name
    assert '"abfss://${azurerm_storage_container.this["lake"].name}@${azurerm_storage_account.lake.name}.dfs.core.windows.net/"' in outputs["storage"]
    assert outputs["vault"].count('"keyvault://${azurerm_key_vault.this.name}/') == 2


def ask(tmp_path, command, secrets):
    """millrace config COMMAND on what Terraform's `env` writes: sorted, in single quotes; secrets: where they are instead."""
    file, lines = tmp_path / ".env", {}
    for name, value in settings().items():
        lines[name] = secrets if secrets and value.startswith("keyvault://") else value
    file.write_text("".join(f"{name}='{value}'\n" for name, value in sorted(lines.items())))
    return subprocess.run([PROGRAM, "config", command, "--json", f"--env-file={file}"], capture_output=True, text=True, check=False,
                          timeout=120, env={"PATH": "/usr/bin:/bin", "MILLRACE_DATA": str(tmp_path / "data")})


@pytest.fixture
def secret(tmp_path):
    """A file stands in for the vault, which is not here."""
    (tmp_path / "secret").write_text("Endpoint=sb://x/;SharedAccessKeyName=y;SharedAccessKey=z")
    return f"file:{tmp_path / 'secret'}"


def test_the_program_takes_them(tmp_path, secret):
    said = ask(tmp_path, "show", secret)
    assert said.returncode == 0, said.stderr
    for value in (FILLED["module.storage.lake_url"], FILLED["module.events.bus"], "managed-identity", "Anna & sons"):
        assert value in said.stdout
    assert "SharedAccessKey" not in said.stdout


def test_config_check_finds_nothing_wrong_but_that_azure_is_not_here(tmp_path, secret):
    said = ask(tmp_path, "check", secret)
    failed = {check["setting"]: check["message"] for check in json.loads(said.stdout)["checks"] if check["result"] == "failed"}
    assert set(failed) <= {"MILLRACE_BUS", "MILLRACE_STORE", "MILLRACE_LAKE"}, failed
    for message in failed.values():
        assert re.search(r"resolve|host name|connect|transport failure|timed out|identity", message), message


def test_a_misspelt_setting_would_be_found(tmp_path):
    file = tmp_path / ".env"
    file.write_text("MILLRACE_LOG_FORMATS='json'\n")
    said = subprocess.run([PROGRAM, "config", "show", f"--env-file={file}"], capture_output=True, text=True, check=False)
    assert said.returncode == 2 and "MILLRACE_LOG_FORMAT" in said.stderr


def test_the_topics_are_those_that_the_program_uses():
    text = (TERRAFORM / "modules/events/main.tf").read_text()
    for topic in ("ingestion-topic", "processed-topic", "dead-letter-topic"):
        assert f'"{topic}"' in text
    marks = set(re.findall(r'"(millrace-marks\.[\w.-]+)"', text))
    assert marks == {"millrace-marks.feed.ingestion-topic.processed-topic", "millrace-marks.store.ingestion-topic.dead-letter-topic"}
