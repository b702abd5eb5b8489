"""The sensor: waits for runs that others began, and leaves them alone."""

from datetime import timedelta

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, TaskDeferred
from conftest import RUN_ID, told

from millrace_provider.runs import MillraceUnavailable
from millrace_provider.sensors import MillraceRunSensor


def test_it_waits_for_the_run_that_was_last_when_it_began(client, context):
    client.states = [told("running"), MillraceUnavailable("a moment"), told("success")]
    sensor = MillraceRunSensor(task_id="wait", deferrable=False)
    assert not sensor.poke(context) and sensor.run_id == RUN_ID
    assert not sensor.poke(context)
    assert sensor.poke(context)
    assert sensor.run_url.endswith(RUN_ID)


def test_it_ends_as_the_run_does(client, context):
    sensor = MillraceRunSensor(task_id="wait", run_id=RUN_ID, deferrable=False)
    client.states = [told("failed", "gold: broken")]
    with pytest.raises(AirflowException, match="gold: broken"):
        sensor.poke(context)
    client.states = [told("skipped", "nothing new")]
    with pytest.raises(AirflowSkipException, match="nothing new"):
        sensor.poke(context)


def test_it_waits_in_the_triggerer_and_never_cancels(client, context):
    sensor = MillraceRunSensor(task_id="wait", deferrable=True, timeout=60)
    client.states = [told("success")]
    sensor.execute(context)  # over already
    client.states = [told("running"), told("success")]
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(context)
    assert deferred.value.trigger.run_id == RUN_ID and not deferred.value.trigger.cancel_on_kill
    assert deferred.value.timeout == timedelta(seconds=60)
    sensor.execute_complete(context, {"run_id": RUN_ID, "error": None, "late": False})
    with pytest.raises(AirflowException, match="gone"):
        sensor.execute_complete(context, {"run_id": RUN_ID, "error": "gone", "late": False})
