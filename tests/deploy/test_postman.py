"""The Postman collection, sent request by request to a real gateway."""

import http.client
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from millrace_platform import running

TOP = Path(__file__).resolve().parents[2]
COLLECTION = json.loads((TOP / "deploy/postman/millrace.postman_collection.json").read_text())

STATUS = re.compile(r'pm\.test\(".*", \(\) => pm\.response\.to\.have\.status\((\d+)\)\);')
FIELD = re.compile(r'pm\.test\(".*", \(\) => pm\.expect\(pm\.response\.json\(\)\.([\w.\[\]]+)\)\.to\.eql\((.*)\)\);')
SET = re.compile(r'pm\.collectionVariables\.set\("(\w+)", pm\.response\.json\(\)\.([\w.\[\]]+)\);')


def items(node=COLLECTION):
    for item in node["item"]:
        if "item" in item:
            yield from items(item)
        else:
            yield item


def dig(value, path):
    for step in re.findall(r"\w+", path):
        value = len(value) if step == "length" else value[int(step) if step.isdigit() else step]
    return value


def script(item):
    return [line for event in item["event"] if event["listen"] == "test" for line in event["script"]["exec"]]


class Runner:
    """What Postman does with a collection, for the few forms of scripts that ours uses."""

    def __init__(self, base_url):
        self.variables = {variable["key"]: variable["value"] for variable in COLLECTION["variable"]}
        self.variables["base_url"] = base_url

    def fill(self, text):
        return re.sub(r"\{\{(\w+)\}\}", lambda found: self.variables[found[1]], text)

    def send(self, request):
        url = urlsplit(self.fill(request["url"]["raw"]))
        headers = {header["key"]: self.fill(header["value"]) for header in request["header"]}
        if self.variables["api_key"]:
            headers["Authorization"] = f"Bearer {self.variables['api_key']}"
        body = self.fill(request["body"]["raw"]).encode() if "body" in request else None
        connection = http.client.HTTPConnection(url.netloc, timeout=30)
        try:
            connection.request(request["method"], url.path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def run(self, item):
        status, body = self.send(item["request"])
        for line in script(item):
            if found := STATUS.fullmatch(line):
                assert status == int(found[1]), f"{item['name']}: {body!r}"
            elif found := FIELD.fullmatch(line):
                assert dig(json.loads(body), found[1]) == json.loads(self.fill(found[2])), f"{item['name']}: {body!r}"
            elif found := SET.fullmatch(line):
                self.variables[found[1]] = dig(json.loads(body), found[2])
            else:
                pytest.fail(f"{item['name']}: this test cannot read {line}")


def test_every_request_is_answered_as_its_checks_say():
    with running() as platform:
        runner = Runner(f"http://127.0.0.1:{platform.port}")
        for item in items():
            runner.run(item)


def test_a_gateway_that_asks_for_keys_takes_the_collections_key():
    with running(MILLRACE_AUTH="required") as platform:
        made = platform.answer("key", "add", "postman")
        item = next(items())
        runner = Runner(f"http://127.0.0.1:{platform.port}")
        assert runner.send(item["request"])[0] == 401
        runner.variables["api_key"] = made["key"]
        runner.run(item)


def test_every_request_checks_its_status_once():
    for item in items():
        assert sum(STATUS.fullmatch(line) is not None for line in script(item)) == 1, item["name"]


def test_every_route_of_the_openapi_document_has_a_request():
    document = json.loads((TOP / "src/gateway/assets/openapi.json").read_text())
    sent = {(item["request"]["method"].lower(), urlsplit(item["request"]["url"]["raw"].replace("{{base_url}}", "http://x")).path)
            for item in items()}
    for path, methods in document["paths"].items():
        form = re.compile(re.sub(r"\{\w+\}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}")))
        for method in methods:
            assert any(form.fullmatch(got) and how == method for how, got in sent), f"{method} {path}"


def test_examples_are_of_the_status_that_is_checked():
    for item in items():
        wanted = int(next(found[1] for line in script(item) if (found := STATUS.fullmatch(line))))
        for example in item["response"]:
            assert example["code"] == wanted, item["name"]
            assert example["body"]
