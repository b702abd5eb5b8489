"""The same day, the same clock, by Data Factory: its pipelines `silver` and `gold` are begun and waited for.

The connection is `azure_data_factory` (apache-airflow-providers-microsoft-azure). MILLRACE_ADF_FACTORY and
MILLRACE_ADF_RESOURCE_GROUP name the factory. Each pipeline has a parameter `date`, which is empty but for back-fills.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
from airflow.providers.microsoft.azure.operators.data_factory import (
    AzureDataFactoryRunPipelineOperator,
)
from airflow.sdk import DAG, CronDataIntervalTimetable

ZONE = os.environ.get("MILLRACE_TIMEZONE", "Europe/Paris")
SCHEDULE = os.environ.get("MILLRACE_DAG_SCHEDULE", "40 7 * * *")
FACTORY = os.environ.get("MILLRACE_ADF_FACTORY", "millrace")
RESOURCE_GROUP = os.environ.get("MILLRACE_ADF_RESOURCE_GROUP", "millrace")


def backfilled_day(dag_run: Any, data_interval_start: datetime | None) -> str:
    """The day that a back-fill takes again; the daily run takes whatever is new and names none."""
    if dag_run.run_type != "backfill" or data_interval_start is None:
        return ""
    return data_interval_start.astimezone(ZoneInfo(ZONE)).date().isoformat()


with DAG(
    dag_id="millrace_adf",
    description="Silver, then gold, by Data Factory",
    schedule=CronDataIntervalTimetable(SCHEDULE, timezone=ZONE),
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    user_defined_macros={"backfilled_day": backfilled_day},
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=2),
    },
    tags=["millrace", "data factory"],
    doc_md=__doc__,
):
    silver, gold = (
        AzureDataFactoryRunPipelineOperator(
            task_id=pipeline,
            pipeline_name=pipeline,
            factory_name=FACTORY,
            resource_group_name=RESOURCE_GROUP,
            azure_data_factory_conn_id="azure_data_factory",
            parameters={"date": "{{ backfilled_day(dag_run, data_interval_start) }}"},
            wait_for_termination=True,
            check_interval=30,
            timeout=2 * 60 * 60,
        )
        for pipeline in ("silver", "gold")
    )
    silver >> gold
