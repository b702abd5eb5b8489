#!/usr/bin/env python3
"""Synapse's scripts and the Power BI project by grammars that are free, and the house's own rules for their names:

    warehouse_rules.py dialect SYNAPSE_FOLDER     every statement in sqlfluff's grammar of T-SQL with Synapse's words
    warehouse_rules.py objects SYNAPSE_FOLDER     what a script names, an earlier one of its pool makes
    warehouse_rules.py measures POWERBI_FOLDER    every measure is DAX, and names tables, columns, measures that are there
    warehouse_rules.py fields POWERBI_FOLDER      every field of the report is one of the model; .pbids have one connection

A breach a line.
"""

import hashlib
import json
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path

from synapse_sql import batches, dynamic, scripts

NAME = r"\[(\w+)\]\.\[(\w+)\]"


# --- Synapse


def dialect(folder):
    from sqlfluff.core import FluffConfig, Linter

    linter = Linter(config=FluffConfig(overrides={"dialect": "tsql", "large_file_skip_byte_limit": 0}))
    seen = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "millrace/deploy/sqlfluff"
    seen.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, text in scripts(folder):
        for line, statement in [*batches(text), *dynamic(text)]:
            count += 1
            mark = seen / hashlib.sha256(f"{version('sqlfluff')}\n{statement}".encode()).hexdigest()
            if mark.exists():  # this very text was read before: the grammar takes its time
                continue
            faults = [f"{name}:{line + fault.line_no - 1}: {fault.desc()}" for fault in linter.parse_string(statement).violations]
            if not faults:
                mark.touch()
            yield from faults
    if not count:
        yield f"{folder}: no script was read"


def objects(folder):
    """Objects are made in the order of the scripts' numbers; a procedure's own stage is its own affair."""
    made = {}
    for name, text in scripts(folder):
        pool = made.setdefault(name.split("/")[0], set())
        text = re.sub(r"--[^\n]*", "", text)
        for found in re.finditer(rf"CREATE (?:VIEW|TABLE|PROCEDURE) {NAME}|(?:FROM|JOIN|INTO|USING) (?:{NAME}|(gold)\.(\w+))", text):
            schema, table = found[1] or found[3] or found[5], found[2] or found[4] or found[6]
            if found[1]:
                pool.add((schema, table))
            elif (schema, table) not in pool:
                yield f"{name}:{text[: found.start()].count(chr(10)) + 1}: there is no {schema}.{table} yet"
        sources = set(re.findall(r"CREATE EXTERNAL (?:DATA SOURCE|FILE FORMAT) \[(\w+)\]", text))
        pool |= {("", source) for source in sources}
        for source in set(re.findall(r"DATA_SOURCE = (?:'|\[)(\w+)", text)) | set(re.findall(r"FILE_FORMAT = \[(\w+)", text)):
            if ("", source) not in pool:
                yield f"{name}: there is no source or format {source} yet"
        yield from columns(name, text)


def columns(name, text):
    """A load puts every column of its stage into the table, and a view gives every column that it declares."""
    for merge in re.finditer(r"MERGE INTO \[gold\]\.\[(\w+)\](.*?)DROP TABLE", text, re.S):
        stage = re.search(rf"CREATE TABLE \[stage\]\.\[{merge[1]}\] \((.*?)\n    \)", text, re.S)
        have = re.findall(r"\[(\w+)\]", re.sub(r"COLLATE \S+", "", stage[1])) if stage else []
        put = re.findall(r"\[(\w+)\]", re.search(r"INSERT \((.*?)\)", merge[2])[1])
        values = re.findall(r"s\.\[(\w+)\]", re.search(r"VALUES \((.*?)\)", merge[2])[1])
        if not have == put == values:
            yield f"{name}: the load of {merge[1]} does not take every column of its stage"
    for view in re.finditer(r"AS\nSELECT (.*?)\nFROM OPENROWSET\(.*?\nWITH \((.*?)\n\) AS r;", text, re.S):
        if re.findall(r"r\.\[(\w+)\]", view[1]) != re.findall(r"^    \[(\w+)\]", view[2], re.M):
            yield f"{name}: a view does not give the columns that it declares: {view[1][:60]}"


# --- Power BI


def model(folder):
    """{table: (columns, {measure: expression})} of the TMDL files, whose grammar is another check's."""
    tables = {}
    for path in sorted(Path(folder).glob("*.SemanticModel/definition/tables/*.tmdl")):
        text = path.read_text()
        name = re.search(r"^table '?(.*?)'?$", text, re.M)[1]
        found = set(re.findall(r"^\tcolumn '?(.*?)'?$", text, re.M))
        measures = {}
        for measure in re.finditer(r"^\tmeasure (?:'(.*?)'|(\S+)) =[ \n](.*?)\n\t\tformatString", text, re.M | re.S):
            measures[measure[1] or measure[2]] = measure[3].strip()
        tables[name] = (found, measures)
    return tables


def measures(folder):
    from pbi_parsers import dax

    tables = model(folder)
    known = {name for _, found in tables.values() for name in found}
    if not known:
        yield f"{folder}: no measure was read"
    for _, found in tables.values():
        for name, expression in found.items():
            try:
                dax.to_ast(expression)
            except Exception as fault:  # the parser's own assertions too
                yield f"measure {name} is no DAX: {fault or type(fault).__name__}: {expression[:80]}"
            for table, column in re.findall(r"'([^']+)'\[([^\]]+)\]", expression):
                if table not in tables or column not in tables[table][0]:
                    yield f"measure {name}: there is no column {table}[{column}]"
            rest = re.sub(r"'[^']+'\[[^\]]+\]", "", expression)
            for table in re.findall(r"'([^']+)'", rest):
                if table not in tables:
                    yield f"measure {name}: there is no table {table}"
            for other in re.findall(r"\[([^\]]+)\]", rest):
                if other not in known or other == name:
                    yield f"measure {name}: there is no measure {other}"
    for table, (has, found) in tables.items():
        yield from (f"{table}: {name} is a column and a measure" for name in {name.lower() for name in has} & {name.lower() for name in found})


def references(node, sources=None):
    """(kind, table, name) of every field below a node; within a query, aliases stand for tables."""
    if isinstance(node, list):
        for inner in node:
            yield from references(inner, sources)
        return
    if not isinstance(node, dict):
        return
    if isinstance(node.get("From"), list):
        sources = {item["Name"]: item["Entity"] for item in node["From"] if "Entity" in item}
    for kind in ("Column", "Measure"):
        field = node.get(kind)
        if isinstance(field, dict) and "Property" in field:
            source = field["Expression"]["SourceRef"]
            yield kind, source.get("Entity") or (sources or {}).get(source["Source"]), field["Property"]
    for inner in node.values():
        yield from references(inner, sources)


def fields(folder):
    tables, count = model(folder), 0
    for path in sorted(Path(folder).glob("*.Report/definition/**/*.json")):
        for kind, table, name in references(json.loads(path.read_text())):
            count += 1
            has, found = tables.get(table, (set(), {}))
            if name not in (has if kind == "Column" else found):
                yield f"{path.relative_to(folder)}: the model has no {kind.lower()} {table}[{name}]"
    pages = json.loads(next(Path(folder).glob("*.Report/definition/pages/pages.json")).read_text())
    there = {path.parent.name for path in Path(folder).glob("*.Report/definition/pages/*/page.json")}
    if set(pages["pageOrder"]) != there or pages["activePageName"] not in there:
        yield f"pages.json names {sorted(pages['pageOrder'])}, the pages are {sorted(there)}"
    reached = json.loads(next(Path(folder).glob("*.Report/definition.pbir")).read_text())["datasetReference"]["byPath"]["path"]
    if not (next(Path(folder).glob("*.Report")) / reached / "definition.pbism").is_file():
        yield f"definition.pbir leads to {reached}, where no model is"
    for path in sorted(Path(folder).glob("*.pbids")):
        source = json.loads(path.read_text())
        connection = source["connections"][0]
        if len(source["connections"]) != 1 or connection["details"]["protocol"] not in ("tds", "postgresql") or connection["mode"] not in ("Import", "DirectQuery") or set(connection["details"]["address"]) != {"server", "database"}:
            yield f"{path.name}: one connection to a server and database is wanted"
    if not count:
        yield f"{folder}: no field was read"


def main():
    breaches = list({"dialect": dialect, "objects": objects, "measures": measures, "fields": fields}[sys.argv[1]](Path(sys.argv[2])))
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
