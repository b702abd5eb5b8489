"""The health check of a container, over a program that says what it is told to say."""

import json
import os
import subprocess
from pathlib import Path

HEALTH = Path(__file__).resolve().parents[2] / "deploy/docker/health.sh"


def ask(folder, alive, *roles):
    """alive: role to whether it lives."""
    said = {"roles": [{"role": role, "pid": 1, "alive": lives, "address": ""} for role, lives in alive.items()]}
    program = folder / "millrace"
    program.write_text(f"#!/bin/sh\ncat <<'JSON'\n{json.dumps(said, separators=(',', ':'))}\nJSON\n")
    program.chmod(0o755)
    return subprocess.run([HEALTH, *roles], capture_output=True, text=True, check=False,
                          env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})


def test_a_role_that_lives_is_healthy(tmp_path):
    assert ask(tmp_path, {"processor": True}).returncode == 0
    assert ask(tmp_path, {"processor": True}, "processor").returncode == 0


def test_nobody_alive_is_not(tmp_path):
    assert "no role is alive" in ask(tmp_path, {"processor": False}).stderr
    assert ask(tmp_path, {}).returncode == 1


def test_each_container_of_a_folder_asks_for_its_own(tmp_path):
    assert ask(tmp_path, {"web": True, "scheduler": True}, "scheduler").returncode == 0
    dead = ask(tmp_path, {"web": True, "scheduler": False}, "scheduler")
    assert dead.returncode == 1 and "the scheduler is not alive" in dead.stderr


def test_up_answers_for_all_that_it_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MILLRACE_ROLES", "processor,scheduler")
    assert ask(tmp_path, {"up": True, "processor": True, "scheduler": True}).returncode == 0
    assert ask(tmp_path, {"up": True, "processor": True, "scheduler": False}).returncode == 1
