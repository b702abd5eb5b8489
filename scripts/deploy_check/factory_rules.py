#!/usr/bin/env python3
"""The house's own rules for Data Factory's files, as its git integration lays them: factory_rules.py FOLDER.

What one file says of another is there: linked services, datasets, pipelines and their parameters, global parameters,
variables, activities that ended before. No secret stands in them, and none is logged. A breach a line.
"""

import json
import re
import sys
from pathlib import Path

KINDS = ("pipeline", "linkedService", "dataset", "trigger", "integrationRuntime", "managedVirtualNetwork", "factory")
REFERENCES = {"PipelineReference": "pipeline", "LinkedServiceReference": "linkedService", "DatasetReference": "dataset",
              "IntegrationRuntimeReference": "integrationRuntime", "ManagedVirtualNetworkReference": "managedVirtualNetwork"}
SECRETS = re.compile(r'"(accountKey|password|sasUri|sasToken|connectionString|encryptedCredential|servicePrincipalKey|clientSecret)"')
CONTROLS = {"ForEach", "Until", "IfCondition", "Switch"}
# What Data Factory lets one of them hold of the others.
MAY_HOLD = {"ForEach": {"IfCondition", "Switch"}, "Until": {"IfCondition", "Switch"}, "IfCondition": set(), "Switch": set()}
TIMED = {"WebActivity", "GetMetadata", "SparkJob", "Lookup", "Copy", "Script"}


def walk(value):
    """Each object within, itself among them."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def children(activity):
    """Lists of activities that a control activity holds."""
    properties = activity["typeProperties"]
    for key in ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities"):
        if properties.get(key):
            yield properties[key]
    for case in properties.get("cases", []):
        yield case.get("activities", [])


def without_children(activity):
    held = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities", "cases")
    return {**activity, "typeProperties": {key: value for key, value in activity["typeProperties"].items() if key not in held}}


def expressions(value):
    """Texts that Data Factory evaluates."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)
    elif isinstance(value, str) and (value.startswith("@") or "@{" in value):
        yield value


class Factory:
    def __init__(self, folder):
        self.files = {kind: {file.stem: json.loads(file.read_text()) for file in sorted((folder / kind).glob("*.json"))} for kind in KINDS}
        factories = list(self.files["factory"].values())
        self.globals = set(factories[0]["properties"].get("globalParameters", {})) if factories else set()

    def parameters(self, kind, name):
        return self.files[kind].get(name, {}).get("properties", {}).get("parameters", {})

    def check_references(self, content):
        for found in walk(content):
            kind = REFERENCES.get(found.get("type"))
            if kind and "referenceName" in found and found["referenceName"] not in self.files[kind]:
                yield f"there is no {kind} {found['referenceName']}"
            if kind in ("pipeline", "dataset") and "referenceName" in found:
                yield from self.check_parameters(kind, found["referenceName"], found.get("parameters", {}) if kind == "dataset" else None)

    def check_parameters(self, kind, name, given):
        if given is None:
            return
        known = self.parameters(kind, name)
        for parameter in given.keys() - known.keys():
            yield f"{kind} {name} has no parameter {parameter}"
        for parameter, declared in known.items():
            if "defaultValue" not in declared and parameter not in given:
                yield f"{kind} {name} is not given {parameter}"

    def check_names(self, pipeline, text, before):
        for parameter in re.findall(r"pipeline\(\)\.parameters\.(\w+)", text):
            if parameter not in pipeline["properties"].get("parameters", {}):
                yield f"there is no parameter {parameter}: {text}"
        for parameter in re.findall(r"pipeline\(\)\.globalParameters\.(\w+)", text):
            if parameter not in self.globals:
                yield f"there is no global parameter {parameter}: {text}"
        for variable in re.findall(r"variables\('(\w+)'\)", text):
            if variable not in pipeline["properties"].get("variables", {}):
                yield f"there is no variable {variable}: {text}"
        for activity in re.findall(r"activity\('([^']+)'\)", text):
            if activity not in before:
                yield f"'{activity}' has not ended when this is asked: {text}"

    def check_activities(self, pipeline, activities, before, holder=None):
        """before: those that have ended when the first of these begins."""
        names = {activity["name"] for activity in activities}
        waits = {activity["name"]: {need["activity"] for need in activity.get("dependsOn", [])} for activity in activities}
        for activity in activities:
            name, kind = activity["name"], activity["type"]
            for need in waits[name] - names:
                yield f"{name} waits for {need}, which is not beside it"
            ended, last = set(), None
            while ended != last:  # all that it waits for, directly or not
                last = set(ended)
                ended |= waits[name] | {other for need in ended | waits[name] for other in waits.get(need, ())}
            if name in ended:
                yield f"{name} waits for itself"
                continue
            known = before | ended
            for text in expressions(without_children(activity)):
                for breach in self.check_names(pipeline, text, known):
                    yield f"{name}: {breach}"
            for breach in self.check_activity(pipeline, activity):
                yield f"{name}: {breach}"
            if holder and kind in CONTROLS and kind not in MAY_HOLD[holder]:
                yield f"{name}: a {holder} cannot hold a {kind}"
            for held in children(activity):
                yield from self.check_activities(pipeline, held, known, kind if kind in CONTROLS else None)

    def check_activity(self, pipeline, activity):
        properties, policy = activity["typeProperties"], activity.get("policy", {})
        if activity["type"] == "ExecutePipeline":
            yield from self.check_parameters("pipeline", properties["pipeline"]["referenceName"], properties.get("parameters", {}))
            if not properties.get("waitOnCompletion"):
                yield "it does not wait for the pipeline's end"
        if activity["type"] == "SetVariable" and not properties.get("setSystemVariable") and \
                properties["variableName"] not in pipeline["properties"].get("variables", {}):
            yield f"there is no variable {properties['variableName']}"
        if activity["type"] == "Until" and "timeout" not in properties:
            yield "it has no time-out"
        if activity["type"] in TIMED and "timeout" not in policy:
            yield "it has no time-out"
        if activity["type"] == "WebActivity":
            if "Authorization" in properties.get("headers", {}) and not policy.get("secureInput"):
                yield "its input, with a key, is logged"
            if "secrets/" in str(properties["url"]) and not policy.get("secureOutput"):
                yield "its output, a secret, is logged"

    def check_trigger(self, trigger):
        properties = trigger["properties"]
        started = properties.get("pipelines") or [properties["pipeline"]]
        for item in started:
            name = item["pipelineReference"]["referenceName"]
            yield from self.check_parameters("pipeline", name, item.get("parameters", {}))
        if properties["runtimeState"] != "Stopped":
            yield "it is started by being deployed"
        if properties["type"] == "ScheduleTrigger":
            recurrence = properties["typeProperties"]["recurrence"]
            if not recurrence.get("timeZone") or not recurrence.get("schedule", {}).get("hours"):
                yield "it is at no hour of a time zone: summer time would move it"

    def check(self, kind, name, content):
        text = json.dumps(content)
        if content["name"] != name:
            yield f"its name is {content['name']}"
        if SECRETS.search(text):
            yield f"a secret: {SECRETS.search(text).group(1)}"
        yield from self.check_references(content)
        if kind == "pipeline":
            activities = content["properties"]["activities"]
            names = [found["name"] for found in walk(content["properties"]["activities"]) if "typeProperties" in found]
            for twice in {name for name in names if names.count(name) > 1}:
                yield f"two activities are called {twice}"
            if len(names) > 40:
                yield f"{len(names)} activities: 40 are allowed"
            yield from self.check_activities(content, activities, set())
        elif kind == "trigger":
            yield from self.check_trigger(content)


def main():
    folder = Path(sys.argv[1])
    breaches = []
    try:
        factory = Factory(folder)
        for kind, files in factory.files.items():
            for name, content in files.items():
                breaches += [f"{kind}/{name}: {breach}" for breach in factory.check(kind, name, content)]
        breaches += [f"there is no {kind}" for kind in ("pipeline", "trigger", "factory") if not factory.files[kind]]
        # What deploy/airflow begins, with the parameter that it gives.
        for name in ("silver", "gold"):
            if "date" not in factory.parameters("pipeline", name):
                breaches.append(f"pipeline {name} with a parameter date is not there: Airflow begins it")
    except (json.JSONDecodeError, KeyError) as problem:
        breaches.append(f"{folder}: {problem!r}")
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
