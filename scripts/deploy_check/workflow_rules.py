#!/usr/bin/env python3
"""The house's own rules for workflows: workflow_rules.py FOLDER. A breach a line."""

import re
import sys
from pathlib import Path

import yaml

PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
COMMENTED = re.compile(r"uses:\s*\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
# Stored credentials that OIDC makes unnecessary.
CREDENTIAL = re.compile(r"AZURE_CREDENTIALS|ARM_CLIENT_SECRET|client-secret")


def jobs_of(workflow):
    return workflow.get("jobs", {}).items()


def check(file, text):
    """Each breach of one workflow."""
    workflow = yaml.safe_load(text)
    if workflow.get("permissions") != {"contents": "read"}:
        yield "its permissions are not contents: read; jobs ask for more by themselves"
    for line in text.splitlines():
        if re.search(r"^\s*(- )?uses:", line) and not COMMENTED.search(line):
            yield f"{line.strip()}: not pinned by commit, with its version beside it"
        if CREDENTIAL.search(line):
            yield f"{line.strip()}: a stored credential"
    for name, job in jobs_of(workflow):
        if "timeout-minutes" not in job:
            yield f"job {name} has no timeout-minutes"
        if "latest" in str(job.get("runs-on")):
            yield f"job {name} runs on whatever is latest"
        if job.get("permissions") == "write-all":
            yield f"job {name} may write everything"
        for step in job.get("steps", []):
            yield from check_step(name, step)
        if any("terraform apply" in step.get("run", "") for step in job.get("steps", [])):
            if "environment" not in job:
                yield f"job {name} applies without an environment, whose reviewers would approve it"
            if "pull_request" not in str(job.get("if")):
                yield f"job {name} applies, and does not exclude pull requests"


def check_step(name, step):
    uses = step.get("uses", "")
    if uses and not PINNED.match(uses):
        yield f"job {name}: {uses} is not pinned by commit"
    if uses.startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
        yield f"job {name}: the checkout keeps its token"
    if "${{" in step.get("run", ""):
        yield f"job {name}: an expression within a script may be a script: pass it by env"


def main():
    folder = Path(sys.argv[1])
    files = sorted(folder.glob("*.yml"))
    breaches = [] if files else [f"{folder}: no workflows"]
    for file in files:
        try:
            breaches += [f"{file.name}: {breach}" for breach in check(file, file.read_text())]
        except yaml.YAMLError as problem:
            breaches.append(f"{file.name}: {str(problem).splitlines()[0]}")
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
