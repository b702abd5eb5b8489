"""Silver, then gold, every day at 07:40 by the clock of the shop's zone: Airflow holds the clock, millrace does the work.

Set MILLRACE_SCHEDULE=off for millrace then, so that its own clock is silent. The connection is `millrace`
(AIRFLOW_CONN_MILLRACE). Settings of the DAG's own, in the environment of Airflow's DAG processor and workers:

    MILLRACE_TIMEZONE           Europe/Paris    whose wall clock it is, also over changes of the clocks
    MILLRACE_DAG_SCHEDULE       40 7 * * *      five fields of cron
    MILLRACE_DAG_RETRY_DELAY    60              seconds before the first retry; then twice as long each
    MILLRACE_DAG_POLL_INTERVAL  5               seconds between two looks at a run
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable, TriggerRule
from millrace_provider.operators import MillraceRunOperator

ZONE = os.environ.get("MILLRACE_TIMEZONE", "Europe/Paris")
SCHEDULE = os.environ.get("MILLRACE_DAG_SCHEDULE", "40 7 * * *")
RETRY_DELAY = timedelta(seconds=float(os.environ.get("MILLRACE_DAG_RETRY_DELAY", "60")))
POLL_INTERVAL = timedelta(seconds=float(os.environ.get("MILLRACE_DAG_POLL_INTERVAL", "5")))


def backfilled_day(dag_run: Any, data_interval_start: datetime | None) -> str:
    """The day that a back-fill takes again: on which its interval of data begins, in the zone. The daily run names none:
    it takes whatever is new, of any day, and is skipped when nothing is."""
    if dag_run.run_type != "backfill" or data_interval_start is None:
        return ""
    return data_interval_start.astimezone(ZoneInfo(ZONE)).date().isoformat()


with DAG(
    dag_id="millrace_medallion",
    description="Silver, then gold, by millrace",
    schedule=CronDataIntervalTimetable(SCHEDULE, timezone=ZONE),
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,  # millrace carries out one run at a time
    dagrun_timeout=timedelta(hours=6),
    user_defined_macros={"backfilled_day": backfilled_day},
    default_args={
        "retries": 3,
        "retry_delay": RETRY_DELAY,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=1),
    },
    tags=["millrace"],
    doc_md=__doc__,
):
    silver, gold = (
        MillraceRunOperator(
            task_id=target,
            target=target,
            day="{{ backfilled_day(dag_run, data_interval_start) }}",
            poll_interval=POLL_INTERVAL,
            # Gold looks for itself: silver may have nothing to do while gold is behind it.
            trigger_rule=TriggerRule.NONE_FAILED,
        )
        for target in ("silver", "gold")
    )
    silver >> gold
