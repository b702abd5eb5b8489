#!/usr/bin/env python3
"""The house's own rules for manifests: kubernetes_rules.py FILE... A breach a line.

Schemas tell whether a manifest is one; these tell whether it is one of ours: nobody is root, nothing can be
written but volumes, everything is limited and watched, secrets are named and not told, selectors find pods.
"""

import re
import sys
from pathlib import Path

import yaml

WORKLOADS = {"Deployment", "StatefulSet"}
SECRET = re.compile(r"PASSWORD|SECRET|_KEY$|CONNECTION_STRING")
UNITS = {"": 1, "m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def amount(quantity):
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(quantity)).groups()
    return float(number) * UNITS[unit]


def check_container(container):
    context = container.get("securityContext", {})
    if context.get("readOnlyRootFilesystem") is not True:
        yield "its root file system can be written"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "it may gain rights"
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield "it keeps capabilities"
    if not re.search(r"(@sha256:[0-9a-f]{64}|:[^:/]*[0-9][^:/]*)$", container.get("image", "")):
        yield f"its image {container.get('image')} may be anything tomorrow"
    if "livenessProbe" not in container:
        yield "nobody notices when it hangs"
    if container.get("ports") and "readinessProbe" not in container:
        yield "it is asked before it can answer"
    resources = container.get("resources", {})
    for what in ("cpu", "memory"):
        least, most = resources.get("requests", {}).get(what), resources.get("limits", {}).get(what)
        if least is None or most is None:
            yield f"it has no request or no limit of {what}"
        elif amount(least) > amount(most):
            yield f"it asks for more {what} than it may have"
    for variable in container.get("env", []):
        if SECRET.search(variable["name"]) and "value" in variable:
            yield f"{variable['name']} is told in the open"


def check_workload(document):
    spec = document["spec"]["template"]["spec"]
    context = spec.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or context.get("runAsUser") in (None, 0):
        yield "it may be root"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "it has no seccomp profile"
    if spec.get("automountServiceAccountToken") is not False:
        yield "it holds the cluster's token"
    if spec.get("enableServiceLinks") is not False:
        yield "services of a release named millrace would be told to it as MILLRACE_ variables, which it refuses"
    if {"hostNetwork", "hostPID", "hostIPC"} & set(spec):
        yield "it shares the host's namespaces"
    mounted = {mount["name"] for container in spec["containers"] for mount in container.get("volumeMounts", [])}
    there = {volume["name"] for volume in spec.get("volumes", [])}
    there |= {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", [])}
    if mounted != there:
        yield f"volumes and mounts differ: {sorted(mounted ^ there)}"
    for volume in spec.get("volumes", []):
        if "hostPath" in volume:
            yield f"volume {volume['name']} is the host's"
        if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
            yield f"volume {volume['name']} may fill the machine's disk"
    labels = document["spec"]["template"]["metadata"]["labels"]
    if not document["spec"]["selector"]["matchLabels"].items() <= labels.items():
        yield "its selector does not find its own pods"
    for container in spec["containers"]:
        for breach in check_container(container):
            yield f"container {container['name']}: {breach}"


def check_selectors(documents):
    """Services, budgets and policies that find no pod, scalers that find no workload."""
    workloads = [document for document in documents if document["kind"] in WORKLOADS]
    pods = [document["spec"]["template"]["metadata"]["labels"] for document in workloads]
    names = {(document["kind"], document["metadata"]["name"]) for document in workloads}
    for document in documents:
        spec = document.get("spec", {})
        selector = {
            "Service": lambda: spec.get("selector"),
            "PodDisruptionBudget": lambda: spec["selector"]["matchLabels"],
            "NetworkPolicy": lambda: spec["podSelector"].get("matchLabels", {}),
        }.get(document["kind"], lambda: None)()
        if selector is not None and not any(selector.items() <= labels.items() for labels in pods):
            yield document, "it finds no pod"
        if document["kind"] == "HorizontalPodAutoscaler":
            target = (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"])
            if target not in names:
                yield document, f"there is no {target[0]} {target[1]}"
        if document["kind"] == "Ingress" and not spec.get("tls"):
            yield document, "keys and sessions would travel in the open"


def check_whole(documents):
    kinds = [document["kind"] for document in documents]
    for kind in ("NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Deployment", "StatefulSet"):
        if kind not in kinds:
            yield f"there is no {kind}"
    denies = [document for document in documents if document["kind"] == "NetworkPolicy"
              and set(document["spec"]["policyTypes"]) == {"Ingress", "Egress"} and not {"ingress", "egress"} & set(document["spec"])]
    if not denies:
        yield "no policy denies what is not allowed"
    for document in documents:
        if document["kind"] == "Secret":
            yield "a Secret is among the manifests: secrets are named, not told"
        if document["kind"] == "ConfigMap":
            for name, value in document.get("data", {}).items():
                if SECRET.search(name) and not value.startswith("keyvault://"):
                    yield f"{name} is told in a ConfigMap"


def check(documents):
    for document in documents:
        if document["kind"] in WORKLOADS:
            for breach in check_workload(document):
                yield f"{document['kind']} {document['metadata']['name']}: {breach}"
    for document, breach in check_selectors(documents):
        yield f"{document['kind']} {document['metadata']['name']}: {breach}"
    yield from check_whole(documents)


def main():
    breaches = []
    for name in sys.argv[1:]:
        documents = [document for document in yaml.safe_load_all(Path(name).read_text()) if document]
        breaches += [f"{Path(name).name}: {breach}" for breach in check(documents)]
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
