"""The real file this platform is for: the UCI Online Retail data set, 541,909 invoice lines.

It is not part of the repository. REAL_DATA names it (.csv or .csv.xz); without it, and
without a copy in ../shared/data, the tests skip.
"""

import lzma
import os
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from millrace_platform import SANITIZED, running

CANDIDATES = [
    os.environ.get("REAL_DATA"),
    Path(__file__).parents[3] / "shared" / "data" / "online-retail.csv.xz",
]
FILE = next((Path(path) for path in CANDIDATES if path and Path(path).is_file()), None)

pytestmark = [
    pytest.mark.skipif(FILE is None, reason="the Online Retail file is not here: set REAL_DATA"),
    pytest.mark.skipif(SANITIZED, reason="too long under a sanitizer; generated data covers the same code"),
]


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("real") / "online-retail.csv"
    opener = lzma.open if FILE.suffix == ".xz" else open
    with opener(FILE, "rb") as source, open(path, "wb") as target:
        shutil.copyfileobj(source, target)
    return path


def check_figures(platform):
    store = platform.answer("status")["store"]
    assert store["lines"] == 536641
    assert store["invoices"] == 25900
    assert store["cancelled_invoices"] == 3836
    assert store["customers"] == 4372
    assert store["sales"] == Decimal("10619986.684")
    assert store["cancelled"] == Decimal("-893979.73")
    customer = platform.answer("customer", 14911)
    assert customer["spent"] == Decimal("143711.17")
    assert customer["returned"] == Decimal("-11252.44")
    assert customer["orders"] == 201
    assert customer["cancellations"] == 47


def test_the_real_file_twice_gives_the_known_figures(csv):
    with running() as platform:
        posted = platform.answer("post", csv)
        assert posted["accepted"] == 541909 and posted["refused"] == 0
        platform.wait_settled()
        check_figures(platform)

        assert platform.answer("post", "--restart", csv)["accepted"] == 541909
        platform.wait_settled()
        check_figures(platform)
        assert platform.answer("status")["dead_letters"]["open"] == 0


def test_event_ids_keep_every_line_of_the_real_file(csv, tmp_path):
    with running() as platform:
        events = tmp_path / "events.ndjson"
        platform.run("convert", "--event-ids", csv, "-o", events)
        assert platform.answer("post", events)["accepted"] == 541909
        platform.wait_settled()
        store = platform.answer("status")["store"]
        assert store["lines"] == 541909
        assert store["sales"] == Decimal("10644560.424")
