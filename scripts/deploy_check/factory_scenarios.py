#!/usr/bin/env python3
"""Data Factory's pipelines played through by Microsoft's testing framework: factory_scenarios.py FOLDER.

Each scenario begins `medallion` (or `run`) with its parameters, answers the activities that would ask the world, and
says which activities must follow one another and with what. A breach a line.
"""

import os
import sys
from collections import deque
from pathlib import Path

import dotnetcore2

os.environ.setdefault("DOTNET_ROOT", str(Path(dotnetcore2.__file__).parent / "bin"))
os.environ.setdefault("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
os.environ.setdefault("DOTNET_CLI_TELEMETRY_OPTOUT", "1")

from data_factory_testing_framework import TestFramework, TestFrameworkType  # noqa: E402
from data_factory_testing_framework.exceptions import NoRemainingPipelineActivitiesMeetDependencyConditionsError  # noqa: E402
from data_factory_testing_framework.state import DependencyCondition, RunParameter, RunParameterType  # noqa: E402

GLOBALS = {"millraceUrl": "https://web.example", "vaultUrl": "https://vault.example/", "keyName": "factory-key",
           "lakeFileSystem": "lake", "lakeFolder": ""}
SYSTEM = {"RunId": "7f3a", "TriggerTime": "2026-11-30T06:40:00Z"}
FILES = {"childItems": [{"name": "00000000000000000012.json", "type": "File"}]}
NONE = {"childItems": []}
KEY = {"value": "mr_secret"}
FAILED = object()


def settled(value):
    """Expressions replaced by what they came to."""
    if hasattr(value, "result"):
        return value.result
    if isinstance(value, dict):
        return {key: settled(inner) for key, inner in value.items()}
    return [settled(inner) for inner in value] if isinstance(value, list) else value


class Framework(TestFramework):
    """Of a pipeline whose branches are not all taken, what is left over is skipped, as Data Factory does."""

    def evaluate_activities(self, activities, state):
        try:
            yield from super().evaluate_activities(activities, state)
        except NoRemainingPipelineActivitiesMeetDependencyConditionsError:
            pass


class Play:
    def __init__(self, folder, answers):
        self.framework = Framework(TestFrameworkType.DataFactory, str(folder), should_evaluate_child_pipelines=True)
        self.answers = {name: deque(given) for name, given in answers.items()}
        self.seen, self.failure = [], None

    def run(self, pipeline, **parameters):
        found = self.framework.get_pipeline_by_name(pipeline)
        given = [RunParameter(RunParameterType.Global, name, value) for name, value in GLOBALS.items()]
        given += [RunParameter(RunParameterType.System, name, value) for name, value in SYSTEM.items()]
        given += [RunParameter(RunParameterType.Pipeline, name, value) for name, value in parameters.items()]
        for activity in self.framework.evaluate_pipeline(found, given):
            self.see(activity)
            if activity.type == "Fail":
                break  # the pipelines around it have failed, too
        return self

    def see(self, activity):
        properties = settled(activity.type_properties)
        self.seen.append((activity.name, properties))
        if activity.type == "Fail":
            self.failure = properties["message"]
        if self.answers.get(activity.name):
            answer = self.answers[activity.name].popleft()
            if isinstance(answer, tuple) and answer[0] is FAILED:
                activity.set_result(DependencyCondition.FAILED, {})
            else:
                activity.set_result(DependencyCondition.SUCCEEDED, answer)

    def names(self):
        return [name for name, _ in self.seen]

    def of(self, name):
        return [properties for found, properties in self.seen if found == name]


def expect(what, found, wanted):
    if found != wanted:
        yield f"{what}: {found!r}, not {wanted!r}"


def new_data(folder):
    play = Play(folder, {
        "Bronze log": [FILES], "Silver log": [FILES], "Key": [KEY, KEY], "Start": [{"id": "r1"}, {"id": "r2"}],
        "Look": [{"state": "running", "reason": None}, {"state": "success", "reason": ""}, {"state": "skipped", "reason": "nothing"}]})
    play.run("medallion", date="", windowStart="2026-11-27T06:40:00Z", engine="millrace")
    look = ["Wait", "Look", "State", "Reason"]
    run = ["Key", "Start", "Run id"]
    yield from expect("order", play.names(), ["Bronze log", *run, *look, *look, "Answer", "Silver log", *run, *look, "Answer"])
    yield from expect("where bronze is looked at", play.of("Bronze log")[0]["dataset"]["parameters"],
                      {"fileSystem": "lake", "folder": "bronze/sales_events/_delta_log"})
    yield from expect("since when", play.of("Bronze log")[0]["storeSettings"]["modifiedDatetimeStart"], "2026-11-27T06:40:00Z")
    yield from expect("the key's address", play.of("Key")[0]["url"], "https://vault.example/secrets/factory-key?api-version=7.4")
    yield from expect("what is begun", [start["body"] for start in play.of("Start")], [
        '{"target":"silver","full_refresh":false,"idempotency_key":"adf-silver-7f3a"}',
        '{"target":"gold","full_refresh":false,"idempotency_key":"adf-gold-7f3a"}'])
    yield from expect("where", play.of("Start")[0]["url"], "https://web.example/api/v1/ops/runs")
    yield from expect("whose end", [found["url"] for found in play.of("Look")],
                      [f"https://web.example/api/v1/ops/runs/{run_id}" for run_id in ("r1", "r1", "r2")])
    yield from expect("by whom", play.of("Start")[0]["headers"]["Authorization"], "Bearer mr_secret")
    yield from expect("failure", play.failure, None)


def no_new_data(folder):
    play = Play(folder, {"Bronze log": [NONE], "Silver log": [NONE]})
    play.run("medallion", date="", windowStart="2026-11-27T06:40:00Z", engine="millrace")
    yield from expect("order", play.names(), ["Bronze log", "Skipped", "Silver log", "Skipped"])
    yield from expect("reason", play.of("Skipped")[0]["value"], "no new data: bronze/sales_events has had no commit since 2026-11-27T06:40:00Z")


def no_window(folder):
    play = Play(folder, {"Bronze log": [NONE]})
    play.run("silver", date="", windowStart="", engine="millrace")
    yield from expect("since when", str(play.of("Bronze log")[0]["storeSettings"]["modifiedDatetimeStart"])[:19], "2026-11-27T06:40:00")


def back_fill(folder):
    play = Play(folder, {"Bronze log": [NONE], "Key": [KEY], "Start": [{"id": "r1"}], "Look": [{"state": "success", "reason": ""}]})
    play.run("silver", date="2026-11-01", windowStart="", engine="millrace")
    yield from expect("what is begun", [start["body"] for start in play.of("Start")], [
        '{"target":"silver","full_refresh":false,"idempotency_key":"adf-silver-7f3a","date":"2026-11-01"}'])


def failing_run(folder):
    play = Play(folder, {
        "Bronze log": [FILES], "Key": [KEY], "Start": [{"id": "r1"}], "Look": [{"state": "failed", "reason": "silver: check unique: 3 rows"}]})
    play.run("medallion", date="", windowStart="", engine="millrace")
    yield from expect("failure", play.failure, "millrace run r1 failed: silver: check unique: 3 rows")
    yield from expect("gold after it", "Silver log" in play.names(), False)


def spark_pool(folder):
    play = Play(folder, {"Silver log": [FILES]})
    play.run("gold", date="2026-11-01", windowStart="", engine="spark")
    yield from expect("order", play.names(), ["Silver log", "Facts", "Dimensions", "Marts"])
    yield from expect("what each is told", [found["args"] for name, found in play.seen if name in ("Dimensions", "Facts", "Marts")],
                      [["gold", step, "2026-11-01"] for step in ("facts", "dimensions", "marts")])


def no_such_engine(folder):
    play = Play(folder, {"Bronze log": [FILES]})
    play.run("silver", date="", windowStart="", engine="flink")
    yield from expect("failure", play.failure, "engine is millrace or spark, not flink")


SCENARIOS = (new_data, no_new_data, no_window, back_fill, failing_run, spark_pool, no_such_engine)


def main():
    folder = Path(sys.argv[1])
    breaches = []
    for scenario in SCENARIOS:
        try:
            breaches += [f"{scenario.__name__}: {breach}" for breach in scenario(folder)]
        except Exception as problem:  # noqa: BLE001 (whatever the framework makes of a broken file)
            breaches.append(f"{scenario.__name__}: {type(problem).__name__}: {problem}")
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
