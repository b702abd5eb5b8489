"""What names and figures are, read independently of the program, and where each of them must be the same."""

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

TOP = Path(__file__).parents[2]
SERVERLESS, DEDICATED = "varchar({bytes}) COLLATE Latin1_General_100_BIN2_UTF8", "nvarchar({units}) COLLATE Latin1_General_100_BIN2"
TSQL = {"long": "bigint", "integer": "int", "boolean": "bit", "date": "date", "timestamp": "datetime2(6)", "double": "float"}
TMDL = {"string": "string", "long": "int64", "integer": "int64", "boolean": "boolean", "date": "dateTime", "timestamp": "dateTime", "double": "double"}
POSTGRES = {"string": "text", "long": "bigint", "integer": "integer", "boolean": "boolean", "date": "date", "timestamp": "timestamp without time zone", "binary": "uuid", "double": "double precision"}
FORMATS = {"money": Decimal("0.0001"), "count": Decimal(1), "rate": Decimal("0.000001")}


def declarations():
    """{name: {title, description, format, is, view}} of models/metrics."""
    found = {}
    for line in (TOP / "models/metrics/sales.metrics").read_text().splitlines():
        key, colon, value = line.partition(": ")
        if colon and not line.startswith("#"):
            if key == "metric":
                found[value] = {}
            else:
                found[list(found)[-1]][key] = value
    return found


def models():
    """{table: (mode, {column: type})} of gold; what is published has the columns of its source."""
    headers = {}
    for path in (TOP / "models").glob("*/*.sql"):
        entries = re.findall(r"^-- (\w+): (.*)$", path.read_text(), re.M)
        columns = dict(re.match(r"(\w+) ([a-z]+(?:\([\d,]+\))?)", value).groups() for key, value in entries if key == "column")
        headers[dict(entries)["name"]] = (dict(entries)["mode"], dict(entries).get("from"), columns)
    return {name.removeprefix("gold."): (mode, headers[source][2] if mode == "publish" else columns)
            for name, (mode, source, columns) in headers.items() if name.startswith("gold.")}


def tsql_type(kind, text):
    name, _, size = kind.rstrip(")").partition("(")
    if name == "string":
        return text.format(bytes=4 * int(size), units=2 * int(size))
    return {"binary": f"varbinary({size})", "decimal": f"decimal({size.replace(',', ', ')})"}.get(name) or TSQL[name]


def read_columns(text):
    return dict(re.findall(r"^    \[(\w+)\] (.*?)(?: NOT NULL| NULL)?,?$", text, re.M))


def check_names_and_types():
    """Synapse's views and tables and the semantic model have the models' columns, in their order, with their types."""
    serverless = (TOP / "deploy/synapse/serverless/3_tables.sql").read_text()
    dedicated = (TOP / "deploy/synapse/dedicated/1_tables.sql").read_text()
    stored = {name: columns for name, (mode, columns) in models().items() if mode != "view"}
    views = dict(re.findall(r"CREATE VIEW \[gold\]\.\[(\w+)\] AS\n.*?\nWITH \(\n(.*?)\n\) AS r;", serverless, re.S))
    tables = dict(re.findall(r"CREATE TABLE \[gold\]\.\[(\w+)\] \(\n(.*?)\n\)", dedicated, re.S))
    assert set(views) == set(tables) == set(stored)
    for name, columns in stored.items():
        assert read_columns(views[name]) == {column: tsql_type(kind, SERVERLESS) for column, kind in columns.items()}, name
        assert read_columns(tables[name]) == {column: tsql_type(kind, DEDICATED) for column, kind in columns.items()}, name
    for pool in ("serverless/4", "dedicated/2"):
        made = re.findall(r"CREATE VIEW \[gold\]\.\[(\w+)\]", (TOP / f"deploy/synapse/{pool}_views.sql").read_text())
        assert set(made) == {name for name, (mode, _) in models().items() if mode == "view"}
    shown = sorted((TOP / "deploy/powerbi/millrace.SemanticModel/definition/tables").glob("*.tmdl"))
    assert {path.stem for path in shown} == {name for name in stored if name == "fact_sales" or name.startswith("dim_")}
    for path in shown:
        found = dict(re.findall(r"^\tcolumn (\w+)\n\t\tdataType: (\w+)", path.read_text(), re.M))
        wanted = {column: TMDL.get(kind.split("(")[0], "decimal") for column, kind in stored[path.stem].items()
                  if column[0].isupper() and not kind.startswith("binary")}
        assert found == wanted, path.stem


def check_words(program, served):
    """Title, description and form of every metric: the program, the dashboard's API and page, Synapse, Power BI, docs."""
    declared = declarations()
    synapse = (TOP / "deploy/synapse/serverless/5_metrics.sql").read_text()
    tmdl = (TOP / "deploy/powerbi/millrace.SemanticModel/definition/tables/fact_sales.tmdl").read_text()
    page = (TOP / "web/src/pages/sales/words.ts").read_text()
    docs = (TOP / "docs/dashboard.md").read_text()
    assert set(served) == set(declared) == {metric["name"] for metric in program("duckdb")}
    for name, said in declared.items():
        title, words = said["title"], said["description"]
        assert (served[name]["label"], served[name]["definition"], served[name]["format"]) == (title, words, said["format"]), name
        assert f"SELECT '{name}'" in synapse and f"'{title}', '{words}'" in synapse.replace(" AS [title]", ""), name
        quoted = f"'{title}'" if " " in title else title
        assert f"\t/// {words}\n\tmeasure {quoted} =" in tmdl, name
        short, on_page = re.search(rf'^  {name}: \["(.*?)", "(.*?)"\]', page, re.M).groups()
        assert on_page == words and title.startswith(short), name
        assert f"| {title} | {words[0].lower()}{words[1:]} |" in docs, name
    for metric in program("tsql"):
        assert metric["definition"] in synapse, metric["name"]
    for metric in program("dax"):
        assert metric["definition"].split("\n")[0] in tmdl, metric["name"]


def plain(text):
    """SQL without what is its dialect's own: quotes, and the word or sign for two things."""
    return re.sub(r'[\[\]"]', "", text).replace("count_big", "count").replace(" // ", " / ")


def exact(value, form):
    """The figure's digits: to its own places, and nothing may be lost by that."""
    figure = Decimal(str(value))
    assert figure == figure.quantize(FORMATS[form]), value
    return figure.quantize(FORMATS[form])


def check_views(rows):
    """The body of each view of Synapse gives, in DuckDB, the rows of gold's own view."""
    text = (TOP / "deploy/synapse/serverless/4_views.sql").read_text()
    views = re.findall(r"CREATE VIEW \[gold\]\.\[(\w+)\] AS\n(.*?);\nGO", text, re.S)
    assert len(views) == 6
    for name, body in views:
        body = re.sub(r"SELECT TOP \((\d+)\)(.*?)\n\) t", r"SELECT\2 LIMIT \1\n) t", body, flags=re.S)
        found, wanted = rows(plain(body)), rows(f"SELECT * FROM gold.{name}")
        assert sorted(map(str, found)) == sorted(map(str, wanted)) and found, name


def dashboard_values(sales):
    shown = {name: tile["value"] for name, tile in sales["tiles"].items()}
    shown |= {f"{name}_customers": sales["customers"][name] for name in ("new", "returning", "loyal")}
    return shown | {"guests_sales": sales["customers"]["guests_sales"]}


def check_published(query):
    """Tables and views that `millrace publish` made have the models' columns, in their order, with their types."""
    found = {}
    for table, column, kind in query("SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                      " WHERE c.relnamespace = 'gold'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 ORDER BY c.relname, a.attnum"):
        found.setdefault(table, []).append((column, kind))
    wanted = {name: [(column, POSTGRES.get(kind.split("(")[0]) or kind.replace("decimal", "numeric")) for column, kind in columns.items()]
              for name, (_, columns) in models().items()}
    assert {name: columns for name, columns in found.items() if name in wanted} == wanted


def values(rows, texts):
    """The value of each SELECT of one, all in one question."""
    [row] = rows("SELECT " + ", ".join(f"({text}) AS c{number}" for number, text in enumerate(texts)))
    return [Decimal(str(value)) for value in row]


def check_figures(platform, sales, served, lake, postgres=None):
    """Every metric's digits: the definition in DuckDB and PostgreSQL, the dashboard, the views of gold in both."""

    def program(dialect):
        return json.loads(platform.run("metrics", "--dialect", dialect, "--json").stdout)

    check_words(program, served)
    shown, duckdb = dashboard_values(sales), program("duckdb")
    assert set(shown) == set(served)
    wanted = {metric["name"]: exact(shown[metric["name"]], metric["format"]) for metric in duckdb}
    for metric, other, tsql in zip(duckdb, program("postgresql"), program("tsql")):
        assert metric["definition"] == served[metric["name"]]["sql"], metric["name"]
        assert plain(metric["definition"]) == plain(other["definition"]) == plain(tsql["definition"]), metric["name"]
    for rows, dialect, quote in ((lake, "duckdb", ""), (postgres, "postgresql", '"')):
        if rows is None:
            continue
        defined = values(rows, [metric["definition"] for metric in program(dialect)])
        assert {metric["name"]: exact(value, metric["format"]) for metric, value in zip(duckdb, defined)} == wanted
        in_views = [metric for metric in duckdb if metric["view"]]
        viewed = values(rows, [f"SELECT {quote}{metric['view_column']}{quote} FROM gold.{quote}{metric['view']}{quote}" for metric in in_views])
        assert len(viewed) == 8
        for metric, value in zip(in_views, viewed):
            assert value.quantize(FORMATS[metric["format"]], ROUND_HALF_UP) == wanted[metric["name"]], metric["name"]
