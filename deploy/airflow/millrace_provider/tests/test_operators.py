"""The operator: what it asks for, how it ends, what becomes of a killed one."""

import time
from datetime import timedelta

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException, TaskDeferred
from conftest import RUN_ID, told

from millrace_provider.operators import KEY_BYTES_MAX, MillraceRunOperator, key_of
from millrace_provider.runs import MillraceRefused, MillraceUnavailable

REPORT = {
    "models": [
        {
            "model": "silver.dim_date",
            "state": "done",
            "message": "",
            "checks": [{"check": "unique DateID", "rows": 0, "sample": ""}],
        },
        {
            "model": "silver.fact_sales",
            "state": "failed",
            "message": "a check is broken",
            "checks": [{"check": "unique event_id", "rows": 3, "sample": "event_id 17"}],
        },
    ],
    "reconciliation": {
        "balances": [
            {"name": "rows", "known": False, "holds": False, "left": None, "right": None, "note": "not yet"},
            {"name": "sales", "known": True, "holds": False, "left": "10.00", "right": "9.00", "note": "silver and gold"},
        ]
    },
}
DONE = [("check-new-data", "success", "", None), ("silver", "success", "", 0)]


def operator(**options):
    return MillraceRunOperator(task_id="silver", target="silver", poll_interval=timedelta(0), deferrable=False, **options)


def test_a_run_is_asked_for_followed_and_told(client, context):
    client.states = [
        told("queued"),
        told("running"),
        MillraceUnavailable("a moment"),
        told("running"),
        told("success", tasks=DONE),
    ]
    task = operator(day="2026-03-28", full_refresh=True)
    assert task.execute(context) == RUN_ID
    (wish,) = client.wishes
    assert (wish.target, wish.day, wish.full_refresh) == ("silver", "2026-03-28", True)
    assert wish.key == "millrace_medallion/scheduled__2026-03-29T05:40:00+00:00/silver/-1/0"
    url = f"http://mill.test:8080/operations/runs/{RUN_ID}"
    assert context["ti"].pushed == {"_link_MillraceRunLink": url}
    assert task.operator_extra_links[0].get_link(task, ti_key=None) == url


def test_an_empty_day_is_none(client, context):
    client.states = [told("success")]
    operator(day="").execute(context)
    assert client.wishes[0].day is None


def test_retries_have_one_key_and_a_cleared_task_another(context):
    first = key_of(context)
    assert key_of(context) == first  # the number of the try is not in it
    context["ti"].max_tries = 4  # as Airflow counts after a clear
    assert key_of(context) != first
    context["ti"].run_id = "manual__" + "x" * 240
    long = key_of(context)
    assert len(long.encode()) <= KEY_BYTES_MAX
    context["ti"].run_id += "y"
    assert key_of(context) != long


def test_nothing_new_is_skipped_with_the_reason(client, context):
    client.states = [told("skipped", "no new data: bronze is still at version 7")]
    with pytest.raises(AirflowSkipException, match="bronze is still at version 7"):
        operator().execute(context)


def test_a_failure_is_told_in_millraces_words(client, context):
    client.states = [
        told("running"),
        told(
            "failed",
            "silver: silver.fact_sales: check unique: 3 rows",
            [("silver", "failed", "silver.fact_sales: check unique: 3 rows", 1)],
        ),
    ]
    client.reports = {"silver": REPORT}
    with pytest.raises(AirflowException) as failure:
        operator().execute(context)
    assert not isinstance(failure.value, AirflowFailException)  # it is tried again
    assert str(failure.value).splitlines() == [
        f"millrace run {RUN_ID} of silver failed: silver: silver.fact_sales: check unique: 3 rows",
        "silver.fact_sales: a check is broken",
        "silver.fact_sales: check unique event_id: rows that break it: 3, as event_id 17",
        "sales: 10.00 is not 9.00 silver and gold",
    ]


@pytest.mark.parametrize("state", ["cancelled", "timed_out"])
def test_every_other_end_is_a_failure(client, context, state):
    client.states = [told(state, "it says why")]
    with pytest.raises(AirflowException, match="it says why"):
        operator().execute(context)


def test_what_would_fail_again_is_not_tried_again(client, context):
    client.states = [told("failed", "silver: usage", [("silver", "failed", "usage", 2)])]
    with pytest.raises(AirflowFailException):
        operator().execute(context)
    client.states = [MillraceRefused("the key is unknown")]
    with pytest.raises(AirflowFailException, match="the key is unknown"):
        operator().execute(context)


def test_a_millrace_that_is_away_is_tried_again(client, context):
    client.states = [MillraceUnavailable("cannot be reached")]
    with pytest.raises(AirflowException, match="cannot be reached") as failure:
        operator().execute(context)
    assert not isinstance(failure.value, AirflowFailException)
    client.states = [told("running"), MillraceUnavailable("gone")]
    with pytest.raises(AirflowException, match="gone"):
        operator(patience=timedelta(0)).execute(context)


def test_a_killed_task_cancels_its_run(client, context):
    task = operator()
    task.on_kill()  # before it has asked for anything
    assert client.cancelled == []
    client.states = [told("running"), told("cancelled", "somebody asked for it")]
    with pytest.raises(AirflowException, match="somebody asked"):
        task.execute(context)
    assert client.cancelled == [RUN_ID]  # killed while it was asking
    task.on_kill()
    assert client.cancelled == [RUN_ID, RUN_ID] and client.stopped == 1


def test_it_need_not_wait(client, context):
    client.states = [told("queued")]
    assert operator(wait_for_completion=False).execute(context) == RUN_ID


def test_it_waits_in_the_triggerer(client, context):
    client.states = [told("queued"), told("skipped", "nothing new")]
    task = MillraceRunOperator(task_id="silver", deferrable=True, execution_timeout=timedelta(hours=1))
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    trigger = deferred.value.trigger
    assert trigger.run_id == RUN_ID and 3500 < trigger.ends_at - time.time() <= 3600
    again = MillraceRunOperator(task_id="silver", deferrable=True)  # as the worker makes it after the wait
    with pytest.raises(AirflowSkipException, match="nothing new"):
        again.execute_complete(context, {"run_id": RUN_ID, "error": None, "late": False})
    assert again.run_url.endswith(RUN_ID) and client.cancelled == []
    for late in (False, True):
        with pytest.raises(AirflowException, match="gone"):
            again.execute_complete(context, {"run_id": RUN_ID, "error": "gone", "late": late})
    assert client.cancelled == [RUN_ID]  # the one that was out of time


def test_a_kill_that_cannot_be_told_does_not_end_otherwise(client, context):
    def cancel(run_id):
        raise MillraceUnavailable("away")

    task = operator()
    client.states = [told("success")]
    task.execute(context)
    client.cancel = cancel
    task.on_kill()
