"""Names, types and figures have one source: Synapse, Power BI, PostgreSQL, SQL and the dashboard agree."""

import os

import pytest

import agreement
from millrace_platform import SANITIZED, running
from test_web_sales import Shop


def test_columns_have_the_same_names_and_types_everywhere():
    agreement.check_names_and_types()


@pytest.mark.skipif(SANITIZED, reason="too long under a sanitizer; unit tests cover the same code")
def test_every_figure_is_the_same_to_the_last_digit(postgres):
    with running(MILLRACE_ROLES="gateway,processor,web", MILLRACE_SINKS="store,bronze") as platform:
        file, database = platform.folder / "events.ndjson", f"agreement_{os.getpid()}"
        platform.run("generate", "--events", "4000", "--seed", "7", "--output", file)
        platform.run("post", file)
        platform.wait_settled()
        platform.run("run", "--quiet")
        platform.run("publish", postgres.new_database(database), "--quiet")
        shop = Shop(platform)
        served = {metric["name"]: metric for metric in shop.analyst.get("/sales/metrics").json["items"]}

        def published(text):
            return [line.split("|") for line in postgres.query(text, database).splitlines()]

        agreement.check_views(shop.rows)
        agreement.check_published(published)
        agreement.check_figures(platform, shop.sales(lambda as_of: as_of["gold_version"] >= 0), served, shop.rows, published)
