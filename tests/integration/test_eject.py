"""`millrace eject`: what deploys an installation elsewhere, with its names and settings and without a secret."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from millrace_platform import PROGRAM, SANITIZED

TOP = Path(__file__).resolve().parents[2]
SECRETS = ("word-of-the-store", "word-of-kafka", "word-of-azure", "mr_word-of-a-key")
SETTINGS = {
    "MILLRACE_BUS": "kafka://broker-1:9092",
    "MILLRACE_KAFKA_SASL_USERNAME": "shop",
    "MILLRACE_KAFKA_SASL_PASSWORD": "word-of-kafka",
    "MILLRACE_STORE": "postgresql://shop:word-of-the-store@db.example:5433/orders",
    "MILLRACE_LAKE": "abfss://tables@shoplake7.dfs.core.windows.net/retail",
    "MILLRACE_AZURE_ACCOUNT_KEY": "word-of-azure",
    "MILLRACE_GATEWAY_KEY": "mr_word-of-a-key",
    "MILLRACE_AZURE_CLIENT_SECRET": "keyvault://shop-vault-7/client-secret",
    "MILLRACE_SCHEDULE": "15 6 * * *",
    "MILLRACE_TIMEZONE": "Europe/Berlin",
    "MILLRACE_WEB_URL": "https://orders.example",
    "MILLRACE_WEB_SHOP": "Kiosk \"Nord\"",
}


def eject(folder, *options, settings=None, check=True):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MILLRACE_", "POSTGRES_", "AZURE_"))}
    program = Path(PROGRAM).resolve()
    done = subprocess.run([program, "eject", folder, *options], env={**kept, **(settings or {})}, cwd=folder.parent, capture_output=True,
                          text=True, timeout=60, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done


def texts(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def ejected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eject") / "leaving"
    told = json.loads(eject(folder, "--json", settings=SETTINGS).stdout)
    assert sorted(file["path"] for file in told["files"]) == sorted(texts(folder))
    return folder


def test_the_installation_stands_in_it_and_no_secret_does(ejected):
    found = texts(ejected)
    for path, text in found.items():
        for secret in SECRETS:
            assert secret not in text, path
    env = found["settings.env"]
    assert "MILLRACE_BUS='kafka://broker-1:9092'" in env and "MILLRACE_KAFKA_SASL_USERNAME='shop'" in env
    assert "MILLRACE_AZURE_CLIENT_SECRET='keyvault://shop-vault-7/client-secret'" in env
    for name in ("MILLRACE_STORE", "MILLRACE_KAFKA_SASL_PASSWORD", "MILLRACE_AZURE_ACCOUNT_KEY", "MILLRACE_GATEWAY_KEY"):
        assert f"# {name}= has a secret" in env and f"\n{name}=" not in env, name
    factory = json.loads(found["deploy/adf/factory/millrace.json"])["properties"]["globalParameters"]
    assert {name: item["value"] for name, item in factory.items()} == {
        "millraceUrl": "https://orders.example", "vaultUrl": "https://shop-vault-7.vault.azure.net/", "keyName": "factory-key",
        "lakeFileSystem": "tables", "lakeFolder": "retail/"}
    assert "https://shoplake7.dfs.core.windows.net" in found["deploy/adf/linkedService/Lake.json"]
    recurrence = json.loads(found["deploy/adf/trigger/daily.json"])["properties"]["typeProperties"]["recurrence"]
    assert recurrence["timeZone"] == "W. Europe Standard Time" and recurrence["schedule"] == {"minutes": [15], "hours": [6]}
    assert 'schedule = "15 6 * * *"' in found["deploy/terraform/environments/this.tfvars"]
    assert 'shop = "Kiosk \\"Nord\\""' in found["deploy/terraform/environments/this.tfvars"]
    assert "MILLRACE_TIMEZONE=Europe/Berlin" in found["deploy/docker/.env"]
    assert "POSTGRES_PASSWORD=\n" in found["deploy/docker/.env"]
    assert "MILLRACE_BUS: \"kafka://broker-1:9092\"" in found["deploy/kubernetes/millrace/examples/this.yaml"]
    assert any("shoplake7" in text for path, text in found.items() if path.startswith("deploy/synapse/"))
    assert any("db.example" in text for path, text in found.items() if path.startswith("deploy/powerbi/"))
    assert "SELECT" in found["deploy/spark/models/gold/mart_orders.sql"]
    assert found["deploy/spark/models/order.txt"].index("silver/fact_sales.sql") < found["deploy/spark/models/order.txt"].index("gold/mart_orders.sql")
    assert "1. **Read**" in found["README.md"]
    assert stat.S_IMODE((ejected / "deploy/terraform/secrets.sh").stat().st_mode) == 0o755


def test_what_it_writes_passes_the_checks_of_what_deploys(ejected):
    if SANITIZED:
        pytest.skip("the checks are of files, not of the program")
    checks = "terraform_rules terraform_format workflow_rules scripts factory_rules factory_schema chart manifests manifest_rules"
    done = subprocess.run([TOP / "scripts/deploy_check.sh", ejected], capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, "CHECKS": checks, "BUILD_SECONDS": "0"})
    assert done.returncode == 0, done.stdout
    missing = [line for line in done.stdout.splitlines() if ": skipped" in line]
    if missing:
        pytest.skip("the others pass; " + missing[0])


def test_an_installation_of_defaults_ejects_what_the_repository_has(tmp_path):
    folder = tmp_path / "plain"
    eject(folder)
    recurrence = json.loads((folder / "deploy/adf/trigger/daily.json").read_text())["properties"]["typeProperties"]["recurrence"]
    assert recurrence["timeZone"] == "Romance Standard Time" and recurrence["schedule"] == {"minutes": [40], "hours": [7]}
    made = {"deploy/docker/.env", "deploy/airflow/airflow.env", "deploy/terraform/environments/this.tfvars",
            "deploy/terraform/environments/this.backend.hcl", "deploy/kubernetes/millrace/examples/this.yaml"}
    for path, text in texts(folder).items():
        if path.startswith("deploy/") and path not in made and not path.startswith("deploy/spark/models/"):
            assert text == (TOP / path).read_text(), path


def test_parts_alone_and_folders_that_hold_something(tmp_path):
    folder = tmp_path / "some"
    eject(folder, "--only", "adf,settings")
    assert {path.name for path in folder.iterdir()} == {"README.md", "deploy", "settings.env"}
    assert {path.name for path in (folder / "deploy").iterdir()} == {"adf"}
    (folder / "deploy/adf/factory/millrace.json").write_text("mine")
    (folder / "notes").write_text("mine")
    refused = eject(folder, check=False)
    assert refused.returncode == 1 and "is not empty: --force" in refused.stderr
    assert (folder / "deploy/adf/factory/millrace.json").read_text() == "mine"
    eject(folder, "--only", "adf", "--force")
    assert json.loads((folder / "deploy/adf/factory/millrace.json").read_text())["name"] == "millrace"
    assert (folder / "notes").read_text() == "mine"
    wrong = eject(tmp_path / "none", "--only", "adf,cloud", check=False)
    assert wrong.returncode == 2 and "no part 'cloud'" in wrong.stderr and "terraform" in wrong.stderr
    assert not (tmp_path / "none").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["some"]  # nothing is left beside it
