"""The DAGs: they are read without a warning, and their clock is the zone's."""

import importlib
import warnings
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from airflow.timetables.base import TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable

NAMES = ["millrace_medallion", "millrace_adf"]


@pytest.fixture(params=NAMES)
def module(request):
    if request.param == "millrace_adf":
        pytest.importorskip("airflow.providers.microsoft.azure", reason="the provider of Azure is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        warnings.simplefilter("error", FutureWarning)
        return importlib.reload(importlib.import_module(request.param))


def test_gold_comes_after_silver_each_with_retries_and_an_end(module):
    dag = module.silver.dag
    assert [task.task_id for task in dag.topological_sort()] == ["silver", "gold"]
    assert not dag.catchup and dag.max_active_runs == 1 and dag.dagrun_timeout
    for task in dag.tasks:
        assert task.retries == 3 and task.retry_exponential_backoff and task.max_retry_delay and task.execution_timeout


def test_each_asks_for_its_own_layer(module):
    for task in (module.silver, module.gold):
        assert getattr(task, "target", None) or task.pipeline_name == task.task_id
        assert "backfilled_day(" in (getattr(task, "day", None) or task.parameters["date"])


def test_a_backfill_names_the_day_of_its_interval_in_the_zone(module):
    start = datetime(2026, 3, 28, 23, 30, tzinfo=ZoneInfo("UTC"))  # 00:30 of the next day in Paris
    assert module.backfilled_day(SimpleNamespace(run_type="backfill"), start) == "2026-03-29"
    assert module.backfilled_day(SimpleNamespace(run_type="scheduled"), start) == ""
    assert module.backfilled_day(SimpleNamespace(run_type="backfill"), None) == ""


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25), (6, 1, 24)])
def test_it_is_0740_by_the_zones_clock_whenever_clocks_change(module, month, day, hours):
    given = module.silver.dag.timetable
    zone = ZoneInfo("Europe/Paris")
    timetable = CronDataIntervalTimetable(given.expression, timezone=given.timezone)
    only = TimeRestriction(datetime(2026, month, day - 1 if day > 1 else day, tzinfo=zone), None, True)
    if day == 1:
        only = TimeRestriction(datetime(2026, 5, 31, tzinfo=zone), None, True)
    info = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=only)
    due = info.run_after.astimezone(zone)
    assert (due.month, due.day, due.hour, due.minute) == (month, day, 7, 40)
    assert (info.data_interval.end - info.data_interval.start).total_seconds() == hours * 3600
