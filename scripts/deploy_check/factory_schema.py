#!/usr/bin/env python3
"""Data Factory's files against the public description of its API: known types, known fields, none missing.

The description is what Azure's own client for Python is made from (azure-mgmt-datafactory).

    factory_schema.py FOLDER
"""

import json
import sys
import typing
from pathlib import Path

from azure.mgmt.datafactory import models
from azure.mgmt.datafactory._utils.model_base import Model

KINDS = {
    "pipeline": models.PipelineResource, "linkedService": models.LinkedServiceResource, "dataset": models.DatasetResource,
    "trigger": models.TriggerResource, "integrationRuntime": models.IntegrationRuntimeResource, "factory": models.Factory,
}
# What the git integration keeps beside the API's fields.
OF_GIT = {"folder", "annotations", "lastPublishTime"}
EXPRESSION = {"value", "type"}
# What the description leaves out: Data Factory's own editor writes it.
UNDESCRIBED = {("WebActivityTypeProperties", "connectVia"), ("SynapseSparkJobReference", "type")}


def described(kind):
    return typing.get_type_hints(kind, {**vars(sys.modules[kind.__module__]), "_models": models})


def models_of(hint):
    """The classes that a field may hold; a list's or a map's are those of its items."""
    if isinstance(hint, type) and issubclass(hint, Model):
        return [hint]
    return [kind for part in typing.get_args(hint) for kind in models_of(part)]


def concrete(kind, value):
    """The class that `type` names; None where there is no such."""
    known = kind.__dict__.get("__mapping__") or {}
    if not known or "type" not in value:
        return kind
    seen = [kind]
    for candidate in seen:
        mapping = candidate.__dict__.get("__mapping__") or {}
        if value["type"] in mapping:
            return mapping[value["type"]]
        seen += [inner for inner in mapping.values() if inner not in seen]
    return None


def check(value, kind, where, breaches):
    if isinstance(value, list):
        for index, item in enumerate(value):
            check(item, kind, f"{where}[{item.get('name', index) if isinstance(item, dict) else index}]", breaches)
        return
    if not isinstance(value, dict) or (set(value) == EXPRESSION and value["type"] == "Expression"):
        return
    found = concrete(kind, value)
    if found is None:
        breaches.append(f"{where}: there is no type {value['type']}")
        return
    found.__new__(found)  # the class learns its fields
    fields = {field._rest_name: (name, field) for name, field in found._attr_to_rest_field.items()}
    hints = described(found)
    for key, inner in value.items():
        if key not in fields:
            if key not in OF_GIT and (found.__name__, key) not in UNDESCRIBED:
                breaches.append(f"{where}: {found.__name__} has no {key}")
            continue
        hint = hints.get(fields[key][0])
        kinds = models_of(hint)
        if not kinds:
            continue
        if "dict" in str(typing.get_origin(hint) or hint) or any("dict[" in str(part) for part in typing.get_args(hint)):
            for name, item in inner.items():
                check(item, kinds[0], f"{where}.{key}.{name}", breaches)
        else:
            check(inner, kinds[0], f"{where}.{key}", breaches)
    for key, (name, field) in fields.items():
        optional = type(None) in typing.get_args(hints.get(name))
        if not optional and not field._is_discriminator and field._visibility != ["read"] and key not in value:
            breaches.append(f"{where}: {found.__name__} lacks {key}")


def main(folder):
    breaches = []
    files = sorted(file for kind in KINDS for file in (folder / kind).glob("*.json"))
    for file in files:
        check(json.loads(file.read_text()), KINDS[file.parent.name], f"{file.parent.name}/{file.stem}", breaches)
    if not files:
        breaches.append(f"no pipelines in {folder}")
    print("\n".join(breaches))
    return bool(breaches)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
