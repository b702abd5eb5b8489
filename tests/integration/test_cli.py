"""Every command explains itself, and refuses what it does not understand with exit status 2."""

import json
import subprocess

import pytest

from millrace_platform import PROGRAM

COMMANDS = ["up", "down", "gateway", "processor", "convert", "generate", "post", "tail", "dlq", "replay",
            "customer", "invoice", "status", "key", "config"]


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, **options)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_on_standard_output(command):
    told = run(command, "--help")
    assert told.returncode == 0
    assert told.stdout.startswith("Usage: millrace " + command)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_wrong_usage(command):
    told = run(command, "--no-such-option")
    assert told.returncode == 2
    assert "--no-such-option" in told.stderr and told.stdout == ""


def test_an_unknown_command_suggests_the_nearest():
    told = run("custmer")
    assert told.returncode == 2 and "customer" in told.stderr


def test_the_list_names_every_command():
    told = run("--help").stdout
    assert all(command in told for command in COMMANDS)


def test_a_wrong_setting_names_itself_its_source_and_what_is_allowed(tmp_path):
    (tmp_path / ".env").write_text("MILLRACE_GATEWAY_THREADS=many\n")
    told = run("config", "check", cwd=tmp_path)
    assert told.returncode in (1, 2)
    assert "MILLRACE_GATEWAY_THREADS" in told.stderr and ".env:1" in told.stderr


def test_settings_say_where_they_come_from_and_hide_secrets(tmp_path):
    (tmp_path / ".env").write_text("MILLRACE_API_KEY=mr_secret\nMILLRACE_LOG_LEVEL=debug\n")
    told = run("config", "show", "--json", "--data", "elsewhere", cwd=tmp_path)
    settings = {item["name"]: item for item in json.loads(told.stdout)["settings"]}
    assert settings["MILLRACE_DATA"]["value"] == "elsewhere" and "flag" in settings["MILLRACE_DATA"]["source"]
    assert settings["MILLRACE_LOG_LEVEL"]["source"].startswith(".env")
    assert "mr_secret" not in told.stdout


def test_convert_says_what_it_found(tmp_path):
    source = tmp_path / "lines.csv"
    source.write_bytes(
        "Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country\r\n"
        "536365;A1;Caf\xe9 sign;2;13/12/2010 08:26;2,55;17850,0;France\r\n"
        "536366;A2;;x;13/12/2010 08:27;2,55;;France\r\n".encode("cp1252"))
    told = run("convert", source)
    assert told.returncode == 0, told.stderr
    assert "semicolon" in told.stderr and "indows-1252" in told.stderr
    line = json.loads(told.stdout)
    assert line["Description"] == "Café sign" and line["UnitPrice"] == 2.55
    assert line["InvoiceDate"] == "13/12/2010 08:26" and line["CustomerID"] == 17850
    rejects = (tmp_path / "lines.csv.rejects").read_text(errors="replace")
    assert "3" in rejects and "Quantity" in rejects


def test_convert_asks_where_day_and_month_stay_open(tmp_path):
    source = tmp_path / "lines.csv"
    source.write_text("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,Country\n1,A,1,1/2/2011 10:00,1,UK\n")
    told = run("convert", source)
    assert told.returncode == 1 and "--date-order" in told.stderr
    assert json.loads(run("convert", "--date-order", "dmy", source).stdout)["InvoiceDate"] == "01/02/2011 10:00"
    assert json.loads(run("convert", "--date-order", "mdy", source).stdout)["InvoiceDate"] == "02/01/2011 10:00"


def test_generate_is_reproducible():
    first, again, other = (run("generate", "--events", "500", "--seed", seed).stdout for seed in ("4", "4", "5"))
    assert first == again != other
    assert len(first.splitlines()) == 500
