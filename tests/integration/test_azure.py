"""The lake in Azure Data Lake Storage, end to end, against Azurite: the same answers as of a folder, through every
command, with a key and with a signature; and no commit lost, doubled or torn by cut connections.

LAKE_CUTS sets how many connections are cut (default 40); SEED repeats the choices.
"""

import base64
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from azurite import new_container, running_azurite
from lake_readers import our_tables
from load import GENTLE, SEED, ledger_of, posting
from millrace_platform import SANITIZED, assert_nowhere, await_log, event, running
from storage_proxy import Proxy
from test_lake_kill import check_the_lake
from test_medallion import check_gold, run
from test_real_data import FILE, check_figures, csv  # noqa: F401
from test_web_programs import program
from test_web_sales import until

CUTS = int(os.environ.get("LAKE_CUTS", "40"))
CLIENTS, WRITERS = 2, 2
COMMANDS = [
    ["run", "all"], ["lake", "optimize", "bronze/sales_events"], ["run", "silver"], ["run", "gold"],
    ["lake", "optimize", "silver/fact_sales"], ["lake", "vacuum", "bronze/sales_events", "--retention", "5s", "--force"],
]


def keep_running(platform, proxy, writer):
    """Commands, one behind the other, until the proxy has cut enough."""
    number = writer
    while not proxy.enough.is_set():
        command = COMMANDS[number % len(COMMANDS)]
        done = platform.run(*command, check=False)
        # Nothing in bronze yet, or another's commit came between: it says so and changes nothing.
        assert done.returncode in (0, 1), (command, done.stderr)
        number += WRITERS


def test_cut_connections_tear_double_or_lose_nothing(azurite):
    container = new_container()
    proxy = Proxy(azurite.port, SEED)
    print(f"SEED={SEED} LAKE_CUTS={CUTS}")
    settings = azurite.settings(container, proxy.port, MILLRACE_BRONZE_FLUSH="20ms", MILLRACE_SCHEDULE="off")
    try:
        with running(**settings) as platform:
            proxy.begin(CUTS)
            with posting([platform] * CLIENTS, **GENTLE) as clients, ThreadPoolExecutor(WRITERS) as writers:
                for done in [writers.submit(keep_running, platform, proxy, writer) for writer in range(WRITERS)]:
                    done.result()
            platform.wait_settled()
            platform.run("run", "all")
            ledger = ledger_of(clients)
            check_the_lake(platform, ledger)
            print(f"{proxy.faults}, {len(ledger)} lines acknowledged")
            assert proxy.cuts() >= CUTS
            names = [f"{layer}/fact_sales" for layer in ("silver", "gold")]
            incremental = our_tables(platform, names)
            platform.run("run", "all", "--full-refresh")
            assert our_tables(platform, names) == incremental
    finally:
        proxy.close()


@pytest.fixture(scope="module")
def shop(azurite):
    """A platform whose lake is reached by a shared access signature alone."""
    container = new_container()
    settings = azurite.settings(container, MILLRACE_SCHEDULE="off", MILLRACE_BRONZE_FLUSH="50ms")
    settings["MILLRACE_AZURE_ACCOUNT_KEY"] = ""
    settings["MILLRACE_AZURE_SAS"] = "?" + azurite.signature("rwdlac")
    with running(**settings) as platform:
        platform.container = container
        yield platform


def post_lines(platform, invoice, count):
    for line in range(count):
        status, _ = platform.post(event(InvoiceNo=invoice, StockCode=f"S{line}", Quantity=2, UnitPrice=1.25))
        assert status == 201
    platform.wait_settled()


def test_every_command_has_its_lake_there(shop, azurite):
    assert "answers; it has no table of bronze yet" in shop.run("config", "check").stdout
    post_lines(shop, "A1", 5)
    shop.run("run", "all")
    assert "answers; it has a table of bronze" in shop.run("config", "check").stdout
    post_lines(shop, "A2", 3)
    shop.run("run", "silver")
    shop.run("run", "gold")
    assert shop.run("sql", "--format", "csv", "SELECT count(*), sum(Amount) FROM gold.fact_sales").stdout.splitlines()[1] == "8,20.0000"
    assert "gold" in shop.run("lake", "list").stdout
    assert "Amount" in shop.run("lake", "describe", "gold.fact_sales").stdout
    assert "WRITE" in shop.run("lake", "history", "bronze/sales_events").stdout
    shop.run("lake", "optimize", "bronze/sales_events")
    shop.run("lake", "vacuum", "bronze/sales_events", "--retention", "1h", "--force")
    assert shop.answer("status")["store"]["lines"] == 8
    assert shop.run("sql", "--format", "csv", "SELECT count(*) FROM bronze.sales_events VERSION AS OF 1").returncode == 0
    assert any(name.startswith("the/lake/gold/") for name in azurite.names(shop.container))
    assert not (shop.data / "lake").exists()  # nothing of it lies in the local lake's folder


def test_secrets_are_in_no_log_and_no_answer(shop, azurite):
    signature = shop.settings["MILLRACE_AZURE_SAS"].split("sig=")[1][:20]
    wrong = {"MILLRACE_AZURE_SAS": shop.settings["MILLRACE_AZURE_SAS"].replace("sig=", "sig=AAAA")}
    shown = shop.run("config", "show").stdout
    failed = shop_with(shop, **wrong).run("lake", "history", "bronze/sales_events", check=False)
    assert failed.returncode == 1
    assert "403" in failed.stderr and "signature" in failed.stderr
    for text in (shown, failed.stderr, failed.stdout, shop.log()):
        assert signature not in text


def shop_with(shop, **settings):
    """The same data folder with other settings, for commands."""
    from millrace_platform import Platform
    other = Platform(shop.folder)
    other.settings = {**shop.settings, **settings}
    return other


@pytest.mark.parametrize(("changed", "said"), [
    ({"MILLRACE_LAKE": "abfss://shop.dfs.core.windows.net/x"}, "abfss://container@account"),
    ({"MILLRACE_LAKE": "s3://bucket/x"}, "no such kind of lake"),
    ({"MILLRACE_LAKE": "http://storage.example/devstoreaccount1/lake"}, "abfss://container@account"),
    ({"MILLRACE_AZURE_ACCOUNT_KEY": "no key"}, "not a key of Azure Storage"),
    ({"MILLRACE_AZURE_ACCOUNT_KEY": "SmVmZQ=="}, "403"),
    ({"MILLRACE_LAKE": "http://127.0.0.1:1/devstoreaccount1/lake", "MILLRACE_AZURE_TIMEOUT": "1s"}, "127.0.0.1"),
])
def test_config_check_says_what_is_wrong_with_a_lake(shop, changed, said):
    done = shop_with(shop, **changed).run("config", "check", check=False)
    line = next(line for line in done.stdout.splitlines() + done.stderr.splitlines() if said in line)
    assert done.returncode == 1
    assert "MILLRACE_LAKE" in line or "MILLRACE_LAKE" in done.stdout


def test_the_storage_goes_away_and_comes_back(azurite):
    """Events are taken meanwhile, and stand in bronze once each when it is there again."""
    settings = azurite.settings(new_container(), MILLRACE_SCHEDULE="off", MILLRACE_BRONZE_FLUSH="50ms", MILLRACE_AZURE_TIMEOUT="2s")
    with running(**settings) as platform:
        post_lines(platform, "B1", 3)
        azurite.stop()
        try:
            for line in range(4):
                status, _ = platform.post(event(InvoiceNo="B2", StockCode=f"S{line}"))
                assert status == 201
        finally:
            azurite.again()
        platform.wait_settled()
        platform.run("run", "all")
        assert platform.run("sql", "--format", "csv", "SELECT count(*) FROM gold.fact_sales").stdout.splitlines()[1] == "7"


@pytest.mark.skipif(FILE is None, reason="the Online Retail file is not here: set REAL_DATA")
def test_the_real_file_gives_the_figures_of_the_folder(azurite, csv):  # noqa: F811
    with running(**azurite.settings(new_container(), MILLRACE_SCHEDULE="off")) as platform:
        assert platform.answer("post", csv)["accepted"] == 541909
        platform.wait_settled()
        check_figures(platform)
        run(platform)
        check_gold(platform)


# --- Keys that change while roles run ---

def seen_by_web(platform, reader, wanted):
    """The web's own look at bronze, from copies that it has not fetched before."""
    asked = {"source": "lake", "sql": "SELECT count(*), sum(UnitPrice) FROM bronze.sales_events"}
    until(lambda: reader.request("POST", "/sql", asked), lambda answer: answer.status == 200 and answer.json["rows"] == [wanted])


@pytest.mark.skipif(SANITIZED, reason="servers and sanitizers together are too slow")
def test_a_new_key_or_signature_is_used_by_roles_that_run(tmp_path):
    """As Azure has it: an account has two keys, who asks moves to the second, then the first is made anew."""
    first, second, third = (base64.b64encode(os.urandom(64)).decode() for _ in range(3))
    with running_azurite() as azurite, contextlib.ExitStack() as running_ones:
        azurite.stop()
        azurite.again(first, second)
        azurite.key = first
        values = {"MILLRACE_AZURE_ACCOUNT_KEY": [first], "MILLRACE_AZURE_SAS": [azurite.signature("rwdlac")]}
        azurite.key = second
        values["MILLRACE_AZURE_ACCOUNT_KEY"].append(second)
        values["MILLRACE_AZURE_SAS"].append(azurite.signature("rwdlac"))
        shops = {}
        for setting, (value, _) in values.items():
            held = tmp_path / setting
            held.write_text(value)
            shops[setting] = running_ones.enter_context(running(**{
                "MILLRACE_LAKE": azurite.lake(new_container()), setting: f"file:{held}", "MILLRACE_SECRETS_REFRESH": "100ms",
                "MILLRACE_ROLES": "gateway,processor,web", "MILLRACE_BRONZE_FLUSH": "50ms", "MILLRACE_AZURE_TIMEOUT": "2s"}))
        readers = {setting: program(platform, "reader", "--role", "operator") for setting, platform in shops.items()}
        for setting, platform in shops.items():
            post_lines(platform, "K1", 3)
            seen_by_web(platform, readers[setting], ["3", "3.7500"])
            (tmp_path / "new").write_text(values[setting][1])
            (tmp_path / "new").replace(tmp_path / setting)
        for setting, platform in shops.items():
            for role in ("processor", "web"):
                await_log(platform, f"{role}: {setting} is ", platform.processes[0])
        azurite.stop()
        azurite.again(second, third)
        azurite.key = first
        assert azurite.request("GET", "/", [("comp", "list")])[0] == 403  # it is good for nothing any more
        for setting, platform in shops.items():
            post_lines(platform, "K2", 2)
            seen_by_web(platform, readers[setting], ["5", "6.2500"])
            assert_nowhere(platform, first, second, *(value.split("sig=")[-1] for value in values[setting]))
