import assert from "node:assert/strict";
import { test } from "node:test";
import type { Balance, Status } from "../src/api/operations";
import { figure } from "../src/pages/operations/balances";
import { byHowMuch, drawFlow, edgeOfBalance, edgeSentence, verdictOf } from "../src/pages/operations/flow";
import { changesOf, checkPayload, freshEventId, layOut, withField } from "../src/pages/operations/letter-check";
import { depthsOf, layOutLineage, reach } from "../src/pages/operations/lineage-layout";
import { headline, problemsOf } from "../src/pages/operations/problems";
import { readReport } from "../src/pages/operations/run-report";

const at = "2026-11-30T15:00:00.000Z";

function balance(name: string, changed: Partial<Balance> = {}): Balance {
  return {
    name,
    known: true,
    money: false,
    holds: true,
    left: "3000",
    right: "3000",
    difference: "0",
    note: "",
    ...changed,
  };
}

function role(name: string, changed = {}): Status["roles"][number] {
  return {
    role: name,
    pid: 1,
    alive: true,
    started_at: at,
    address: "",
    rate: 0,
    events: 0,
    errors: 0,
    memory_bytes: 1,
    cpu_seconds: 0,
    restarts: 0,
    last_error: null,
    last_error_at: null,
    ...changed,
  };
}

function status(changed: Partial<Status> = {}): Status {
  return {
    taken_at: at,
    roles: [role("gateway"), role("processor"), role("scheduler")],
    topics: [],
    groups: [],
    store: null,
    lake: [],
    letters: { total: 0, open: 0, at_most: false },
    schedule: { next_run_at: null, text: "", last: null },
    flow: [
      { from: "gateway", to: "log", count: 3000, name: "events appended", behind: null },
      { from: "log", to: "bronze", count: 2990, name: "rows", behind: 10 },
    ],
    reconciliation: null,
    problems: [],
    ...changed,
  };
}

test("each balance of the reconciliation stands on its arrow", () => {
  const names: [string, string][] = [
    ["log records = bronze rows + refused", "log bronze"],
    ["bronze rows = rows silver has read", "bronze silver"],
    ["rows silver has read = silver lines + repeats", "bronze silver"],
    ["bronze money = silver money + repeats", "bronze silver"],
    ["store lines = silver lines", "store silver"],
    ["store money = silver money", "store silver"],
    ["silver lines = gold lines", "silver gold"],
    ["gold.mart_orders", "silver gold"],
  ];
  for (const [name, edge] of names) assert.equal(edgeOfBalance(name)?.join(" "), edge, name);
  assert.equal(edgeOfBalance("something new"), null);
});

test("one balance that does not hold breaks its arrow's verdict; unknown ones do not make it hold", () => {
  assert.equal(verdictOf([]), null);
  assert.equal(verdictOf([balance("a"), balance("b", { holds: false })]), "broken");
  assert.equal(verdictOf([balance("a", { known: false }), balance("b")]), "holds");
  assert.equal(verdictOf([balance("a", { known: false })]), "unknown");
  assert.equal(byHowMuch(balance("a", { difference: "-3.0000" })), "\u22123");
  assert.equal(byHowMuch(balance("a", { money: true, difference: "-12.7500" })), "\u2212£12.75");
});

test("the picture draws what it knows, says what lags, and fits its width", () => {
  const books = { run: "r", holds: false, at, bronze_version: 1, silver_version: 1, gold_version: 1 };
  const broken = balance("log records = bronze rows + refused", { holds: false, difference: "3" });
  for (const width of [328, 800, 1400]) {
    const picture = drawFlow(
      status({ reconciliation: { ...books, balances: [broken, balance("store lines = silver lines")] } }),
      width,
    );
    for (const node of picture.nodes) {
      assert.ok(
        node.x - picture.nodeWidth / 2 >= 0 && node.x + picture.nodeWidth / 2 <= width,
        `${node.name} at ${width}`,
      );
      assert.ok(node.y < picture.height);
    }
    const toBronze = picture.edges.find(({ to }) => to === "bronze");
    assert.equal(toBronze?.verdict, "broken");
    assert.match(
      edgeSentence(toBronze ?? (assert.fail() as never)),
      /2,990 rows, 10 behind, the books do not balance, .*off by 3/,
    );
    assert.ok(picture.edges.some(({ compares }) => compares));
  }
});

test("problems are said in words, the grave ones first, with a way out", () => {
  assert.equal(headline(problemsOf(status())), "All is well");
  const found = problemsOf(
    status({
      roles: [
        role("gateway", { last_error: "disk full", last_error_at: "2026-11-30T14:59:30.000Z" }),
        role("scheduler"),
      ],
      groups: [
        { group: "store", topic: "in", partition: 0, next_offset: 1, lag: 9, published_at: "2026-11-30T14:58:00.000Z" },
        { group: "feed", topic: "in", partition: 0, next_offset: 1, lag: 9, published_at: at }, // moves
      ],
      letters: { total: 2, open: 1, at_most: false },
    }),
  );
  assert.deepEqual(
    found.map(({ key }) => key),
    ["role processor", "lag store in 0", "error gateway", "letters"],
  );
  assert.ok(found.every(({ way }) => way));
  assert.equal(found[0]?.command, "millrace up --detach");
  assert.equal(headline(found), "2 things are wrong");
  const old = role("gateway", { last_error: "disk full", last_error_at: "2026-11-30T13:00:00.000Z" });
  assert.equal(problemsOf(status({ roles: [old, role("processor"), role("scheduler")] })).length, 0);
});

const letter = `{"InvoiceNo":"536365","StockCode":"85123A","Quantity":7,"InvoiceDate":"01/12/2010 08:26","UnitPrice":2.550000000000000001,"Country":"United Kingdom","EventID":"line-1"}`;

test("a payload is checked against the contract before it is sent", () => {
  assert.deepEqual(checkPayload(letter), []);
  const problems = (change: Record<string, unknown>) =>
    checkPayload(JSON.stringify({ ...JSON.parse(letter), ...change })).map(({ text }) => text);
  assert.deepEqual(problems({ Quantity: "7" }), ["Quantity must be a whole number"]);
  assert.deepEqual(problems({ Quantity: 2147483648 }), ["Quantity is too large"]);
  assert.deepEqual(problems({ InvoiceNo: 536365, CustomerID: "17850", Description: null }), []);
  assert.deepEqual(problems({ Country: undefined }), ["Country is missing"]);
  assert.deepEqual(problems({ InvoiceDate: "30/02/2011 10:00" }), ["InvoiceDate is a day that does not exist"]);
  assert.deepEqual(problems({ InvoiceDate: "1/2/2011 9:05:00" }), []);
  assert.deepEqual(problems({ InvoiceDate: "2011-02-01T09:05" }), []);
  assert.deepEqual(problems({ EventID: "" }), ["EventID must have 1 to 64 characters"]);
  assert.match(checkPayload('{"InvoiceNo":')[0]?.text ?? "", /not JSON/);
  assert.match(checkPayload("[1]")[0]?.text ?? "", /one JSON object/);
});

test("laying a payload out keeps every digit and every text", () => {
  const laid = layOut(letter);
  assert.ok(laid.includes('"UnitPrice": 2.550000000000000001'));
  assert.equal(laid.split("\n").length, 9);
  assert.equal(
    layOut('{"a": "x{,:\\"y", "b": [], "c": {"d": 1}}'),
    '{\n  "a": "x{,:\\"y",\n  "b": [],\n  "c": {\n    "d": 1\n  }\n}',
  );
  assert.equal(layOut("no json"), "no json");
});

test("a field is set in place or added, and the change is told", () => {
  const laid = layOut(letter);
  const changed = withField(laid, "EventID", freshEventId(laid, 17));
  assert.deepEqual(changesOf(laid, changed), ['EventID "line-1" → "line-1-again-17"']);
  assert.ok(changed.includes("2.550000000000000001"));
  const added = withField('{\n  "a": 1\n}', "EventID", "x");
  assert.deepEqual(JSON.parse(added), { a: 1, EventID: "x" });
});

const model = (name: string, ...reads: string[]) => ({ name, mode: "merge", description: "", sql: "", reads });

test("a lineage stands in layers, lines pass layers at waypoints, and a circle ends", () => {
  const models = [model("s.fact", "b.events"), model("s.dim", "s.fact"), model("g.fact", "s.fact", "s.dim")];
  const layout = layOutLineage(models);
  const layer = (name: string) => layout.placed.find((one) => one.name === name)?.layer;
  assert.deepEqual(["b.events", "s.fact", "s.dim", "g.fact"].map(layer), [0, 1, 2, 3]);
  assert.deepEqual(
    layout.waypoints.map(({ source, layer: passed }) => [source, passed]),
    [["s.fact", 2]],
  );
  assert.deepEqual([...reach(layout.placed, "s.dim", "up")].sort(), ["b.events", "s.fact"]);
  assert.deepEqual([...reach(layout.placed, "s.dim", "down")], ["g.fact"]);
  assert.equal(depthsOf([model("a", "b"), model("b", "a")]).size, 2);
  const places = layout.placed.map(({ layer: column, row }) => `${column} ${row}`);
  assert.equal(new Set([...places, ...layout.waypoints.map(({ layer: column, row }) => `${column} ${row}`)]).size, 5);
});

test("figures of a report keep digits that a double would lose", () => {
  const report = readReport(
    '{"reconciliation":{"balances":[{"name":"\\"left\\":1","left":12345678901234567.1234,"right":-1,"difference":null}]}}',
  );
  assert.deepEqual(report.reconciliation?.balances[0], {
    name: '"left":1',
    left: "12345678901234567.1234",
    right: "-1",
    difference: null,
  } as never);
  assert.equal(figure("12345678901234567.1200", true), "£12,345,678,901,234,567.12");
  assert.equal(figure("12345678901234567.0000", false), "12,345,678,901,234,567");
  assert.equal(figure(null, true), "–");
});
