"""The compose file: read by compose itself where it is at hand, and held to the house's own rules."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from millrace_platform import PROGRAM

TOP = Path(__file__).resolve().parents[2]
DOCKER = TOP / "deploy/docker"
COMPOSE = DOCKER / "compose.yaml"
PROFILES = {
    "embedded": {"millrace"},
    "cluster": {"gateway", "processor", "web", "kafka", "postgres", "pgadmin"},
    "airflow": {"airflow-db", "airflow-api", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"},
}
# What of the tree a container reads.
MOUNTS = {"../airflow/dags:/opt/airflow/dags:ro", "../airflow/millrace_provider:/opt/airflow/millrace_provider:ro"}
SERVICE_KEYS = {
    "build", "cap_drop", "command", "configs", "depends_on", "deploy", "environment", "healthcheck", "image", "logging",
    "networks", "ports", "profiles", "read_only", "restart", "security_opt", "shm_size", "stop_grace_period", "tmpfs",
    "ulimits", "volumes",
}
TOP_KEYS = {"name", "services", "networks", "volumes", "configs"}
REFERENCE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:?[-?+])([^}]*))?\}")


def compose_command():
    """`docker compose` or a standalone `docker-compose` of version 2; None where there is neither."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        said = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
        if said.returncode == 0 and said.stdout.lstrip("v").startswith(("2.", "3.", "4.", "5.")):
            return command
    return None


def example_variables():
    lines = (DOCKER / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(COMPOSE.read_text())


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("file", ["compose.yaml", "deploy/docker/compose.yaml"])
def test_compose_itself_accepts_each_profile(profile, file):
    command = compose_command()
    if command is None:
        pytest.skip("no docker compose here: the file is checked by this test's own rules alone")
    environment = {**os.environ, "POSTGRES_PASSWORD": "p$ss", "PGADMIN_PASSWORD": "x"}
    said = subprocess.run(
        [*command, "-f", TOP / file, "--env-file", DOCKER / ".env.example", "--profile", profile, "config", "--format", "json"],
        capture_output=True, text=True, env=environment, check=False)
    assert said.returncode == 0, said.stderr
    seen = json.loads(said.stdout)
    assert set(seen["services"]) == PROFILES[profile]
    assert seen["name"] == "millrace"
    for service in seen["services"].values():
        if "build" in service:
            assert Path(service["build"]["context"]) == TOP
            assert (TOP / service["build"]["dockerfile"]).is_file()


def test_only_keys_of_the_compose_specification_are_used(compose, services):
    assert {key for key in compose if not key.startswith("x-")} == TOP_KEYS
    for name, service in services.items():
        assert set(service) <= SERVICE_KEYS, f"{name}: unknown {set(service) - SERVICE_KEYS}"


def test_every_service_belongs_to_the_profile_that_needs_it(services):
    seen = {profile: {name for name, service in services.items() if service["profiles"] == [profile]} for profile in PROFILES}
    assert seen == PROFILES


def test_every_variable_has_a_default_and_stands_in_the_example():
    known = example_variables()
    seen = set()
    for name, operator, default in REFERENCE.findall(COMPOSE.read_text()):
        seen.add(name)
        assert operator == ":-", f"${{{name}}} has no default"
        assert name in known, f"{name} is not in .env.example"
        assert known[name] == default, f"{name} defaults to '{default}', .env.example says '{known[name]}'"
    assert seen == set(known), f"not used: {set(known) - seen}"


def test_no_secret_has_a_default(services):
    for name, value in example_variables().items():
        assert not (value and name.endswith(("PASSWORD", "SECRET"))), f"{name} is preset"
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith(("PASSWORD", "SECRET", "SECRET_KEY")):
                assert re.fullmatch(r"\$\{\w+:-\}", value), f"{name}: {variable} is not from .env"


def test_every_image_is_pinned(services):
    for name, service in services.items():
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+", tag), f"{name}: {service['image']} may be anything tomorrow"


def test_nothing_is_privileged_or_published_beyond_loopback(services):
    for name, service in services.items():
        assert not {"privileged", "network_mode", "pid", "ipc", "cap_add", "devices"} & set(service)
        for volume in service.get("volumes", []):
            assert not volume.startswith(("/", ".", "~")) or volume in MOUNTS, f"{name} mounts {volume} of the host"
        for port in service.get("ports", []):
            assert port.startswith(("127.0.0.1:", "${PUBLISH_ADDRESS:-127.0.0.1}:")), f"{name} publishes {port}"


def test_our_own_containers_can_write_nothing_but_their_data(services):
    for name in ("millrace", "gateway", "processor", "web"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]


def test_every_service_is_watched_limited_and_started_again(services):
    dockerfile = (DOCKER / "Dockerfile").read_text()
    for name, service in services.items():
        assert "healthcheck" in service or ("build" in service and "\nHEALTHCHECK " in dockerfile), name
        assert service["restart"] == "unless-stopped", name
        assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"]), name
        assert service["logging"]["options"]["max-size"], name


def test_dependencies_are_awaited_healthy(services):
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}, f"{name} on {needed}"
            assert "healthcheck" in services[needed]
            assert service["profiles"] == services[needed]["profiles"]


def test_volumes_networks_and_configs_are_declared_and_used(compose, services):
    used = {"volumes": set(), "networks": set(), "configs": set()}
    for service in services.values():
        used["volumes"] |= {volume.partition(":")[0] for volume in service.get("volumes", []) if volume not in MOUNTS}
        used["networks"] |= set(service.get("networks", []))
        used["configs"] |= {config["source"] for config in service.get("configs", [])}
    assert used == {kind: set(compose[kind]) for kind in used}


def test_pgadmin_knows_the_database(compose):
    text = REFERENCE.sub(lambda found: found[3], compose["configs"]["pgadmin-servers"]["content"])
    server = json.loads(text)["Servers"]["1"]
    known = example_variables()
    assert (server["Host"], server["Port"]) == ("postgres", 5432)
    assert (server["Username"], server["MaintenanceDB"]) == (known["POSTGRES_USER"], known["POSTGRES_DB"])


def test_airflow_is_the_one_that_the_tests_run(services):
    pinned = re.search(r"^apache-airflow==(\S+)$", (TOP / "tests/peers/airflow/requirements.txt").read_text(), re.MULTILINE)[1]
    for name in PROFILES["airflow"] - {"airflow-db"}:
        assert services[name]["image"].startswith(f"apache/airflow:{pinned}-"), name
        assert set(services[name]["volumes"]) >= MOUNTS
    for mount in MOUNTS:
        assert (DOCKER / mount.partition(":")[0]).is_dir()


def test_airflow_and_millrace_have_one_clock(services):
    """Both schedules are the same by default, and one zone is for both."""
    dag = (TOP / "deploy/airflow/dags/millrace_medallion.py").read_text()
    known = example_variables()
    assert f'"MILLRACE_DAG_SCHEDULE", "{known["MILLRACE_SCHEDULE"]}"' in dag
    assert f'"MILLRACE_TIMEZONE", "{known["MILLRACE_TIMEZONE"]}"' in dag
    zones = {services[name]["environment"]["MILLRACE_TIMEZONE"] for name in ("millrace", "airflow-scheduler", "airflow-dag-processor")}
    assert len(zones) == 1


def test_the_roles_use_settings_that_exist(services):
    reference = subprocess.run([PROGRAM, "config", "reference"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"`(MILLRACE_\w+)`", reference))
    for name in ("millrace", "gateway", "processor", "web"):
        used = {variable for variable in services[name]["environment"] if variable.startswith("MILLRACE_")}
        assert used <= known, f"{name}: {used - known}"
    image = set(re.findall(r"(MILLRACE_\w+)=", (DOCKER / "Dockerfile").read_text()))
    assert image and image <= known
