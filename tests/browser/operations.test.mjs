// The operations pages: what went wrong is seen, mended and seen to be mended; runs are started and followed.
import assert from "node:assert/strict";
import { settled, test, visit } from "./runner.mjs";

test("a dead letter is looked at, mended and sent again, and becomes part of its order", { role: "operator", changes: true }, async ({ page, platform }) => {
  const id = await platform.makeLetter("900001");
  await visit(page, "/operations");
  await page.getByText("could not be taken").waitFor();
  await page.getByRole("link", { name: "Dead letters" }).first().click();
  await page.getByRole("link", { name: id, exact: true }).click();
  const panel = page.getByRole("region", { name: `letter ${id}` });
  await panel.getByText("is taken already, with other content").waitFor();
  const payload = panel.getByLabel("Payload");
  assert.equal(JSON.parse(await payload.inputValue()).Quantity, 7);

  await payload.fill('{"InvoiceNo": "900001"');
  await panel.getByText("This is not JSON").waitFor();
  assert.equal(await panel.getByRole("button", { name: "Send again" }).isDisabled(), true);
  await panel.getByRole("button", { name: "Undo changes" }).click();

  await panel.getByRole("button", { name: "give it an EventID of its own" }).click();
  await panel.getByText("Changed: EventID").waitFor();
  await panel.getByRole("button", { name: "Send again" }).click();
  await panel.getByText("Taken: it is part of").waitFor();
  await panel.getByRole("link", { name: "order 900001" }).click();
  await page.getByText("13 items").waitFor();
  const { lines } = await platform.ask("operator", "/invoices/900001");
  assert.deepEqual(lines.map(({ quantity }) => quantity).sort(), [6, 7]);
  assert.equal((await platform.ask("operator", `/ops/letters/${id}`)).state, "retried");
});

test("a dead letter is discarded only when asked twice; the keyboard walks the list", { role: "operator", changes: true }, async ({ page, platform }) => {
  const first = await platform.makeLetter("900002");
  const second = await platform.makeLetter("900003");
  await visit(page, "/operations/letters");
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: `Letter ${second}` }).waitFor(); // the newest
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: `Letter ${first}` }).waitFor();
  const panel = page.getByRole("region", { name: `letter ${first}` });
  await panel.getByRole("button", { name: "Discard…" }).click();
  const dialog = page.getByRole("dialog", { name: `Discard letter ${first}?` });
  await dialog.getByRole("button", { name: "Keep it" }).click();
  assert.equal((await platform.ask("operator", `/ops/letters/${first}`)).state, "open");
  await panel.getByRole("button", { name: "Discard…" }).click();
  await dialog.getByRole("button", { name: "Discard" }).click();
  await panel.locator("dd").getByText("Discarded").first().waitFor();
  assert.equal((await platform.ask("operator", `/ops/letters/${first}`)).state, "discarded");
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
});

test("a run is started, seen to end, and tells what it did and what it logged", { role: "operator", changes: true }, async ({ page, platform }) => {
  // All at once, so that every worker of the web has answered, and keeps what it said.
  const results = async () => (await Promise.all(Array.from({ length: 16 }, () => platform.ask("operator", "/ops/quality?limit=1")))).map((one) => one.total);
  const before = Math.max(...(await results()));
  await visit(page, "/operations/runs");
  await page.getByRole("button", { name: "Start a run…" }).click();
  const dialog = page.getByRole("dialog", { name: "Start a run" });
  await dialog.getByText("Full refresh").click();
  await dialog.getByRole("button", { name: "Make anew" }).waitFor();
  await dialog.getByText("Full refresh").click();
  await dialog.getByRole("button", { name: "Start" }).click();
  const run = page.getByRole("region", { name: "this run" });
  await run.getByText("silver and gold").waitFor();
  await run.locator("dd").getByText("done", { exact: false }).first().waitFor({ timeout: 60_000 });
  await run.getByRole("button", { name: /^silver/ }).click();
  await run.getByRole("link", { name: "silver.fact_sales" }).waitFor();
  await run.getByText("The books at its end").waitFor();
  await run.getByText("Log", { exact: true }).click();
  await run.getByRole("log").getByText("millrace run silver").waitFor();
  assert.equal(await page.locator(".run-grid tbody tr").count(), 4); // the run and its three tasks
  for (const total of await results()) assert.ok(total > before, `${total} results, ${before} before the run`);
});

test("the overview's counts are the platform's, and a stopped role is said", { role: "operator", changes: true }, async ({ page, platform }) => {
  await visit(page, "/operations");
  const { store } = JSON.parse(await platform.command("status", "--json"));
  const lines = store.lines.toLocaleString("en-GB");
  await page.getByRole("link", { name: `Store ${lines} lines` }).waitFor();
  await page.getByRole("button", { name: "The path of an event as a table" }).click();
  assert.ok((await page.getByRole("table", { name: "The path of an event" }).innerText()).includes("gateway"));
  const scheduler = (await platform.ask("operator", "/ops/status")).roles.find(({ role }) => role === "scheduler");
  assert.equal(scheduler.alive, true);
  await page.route("**/api/v1/ops/status", async (route) => {
    const answer = await route.fetch();
    const status = await answer.json();
    status.roles = status.roles.map((one) => (one.role === "scheduler" ? { ...one, alive: false } : one));
    await route.fulfill({ response: answer, json: status });
  });
  await page.getByText("The scheduler has stopped").waitFor();
});

test("the lake tells columns, versions and files of a table, and its lineage leads there by keys", { role: "analyst" }, async ({ page, platform }) => {
  await visit(page, "/operations/lineage");
  await page.getByRole("link", { name: /^bronze\.sales_events/ }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.id), "lineage-silver.fact_sales");
  await page.keyboard.press("Enter");
  const table = page.getByRole("region", { name: "silver.fact_sales", exact: true });
  await table.getByText("Quantity times UnitPrice, exact").waitFor();
  await table.getByRole("tab", { name: "History" }).click();
  await table.getByRole("table", { name: "versions" }).waitFor();
  await table.getByRole("tab", { name: "Files" }).click();
  await table.getByText(".parquet").first().waitFor();
  const { tables } = JSON.parse(await platform.command("lake", "list", "--json"));
  const rows = tables.find((one) => one.table === "silver/fact_sales").rows.toLocaleString("en-GB");
  await table.getByText(`${rows} rows in`).waitFor();
});

test("an analyst sees runs, lake and quality, and nothing that would be refused", { role: "analyst" }, async ({ page }) => {
  await visit(page, "/operations");
  await page.waitForURL("**/operations/runs");
  await settled(page);
  const parts = await page.getByRole("navigation", { name: "Operations" }).getByRole("link").allInnerTexts();
  assert.deepEqual(parts, ["Runs", "Lake", "Lineage", "Quality"]);
  assert.equal(await page.getByRole("button", { name: "Start a run…" }).count(), 0);
  await visit(page, "/operations/audit");
  await page.getByText("You may not see this page").waitFor();
});

test("a customer has no way to operations", { role: "customer" }, async ({ page }) => {
  await visit(page, "/operations");
  await page.getByText("You may not see this page").waitFor();
  const refused = await page.evaluate(async () => (await fetch("/api/v1/ops/status")).status);
  assert.equal(refused, 403);
});

test("what the server cannot tell is said, with a way to try again", { role: "operator" }, async ({ page }) => {
  await page.route("**/api/v1/ops/runs?*", (route) =>
    route.fulfill({ status: 503, headers: { "x-request-id": "abc-1" }, json: { detail: "The server is busy." } }),
  );
  await page.goto("/operations/runs");
  await page.getByRole("alert").getByText("Could not load the runs").waitFor();
  await page.getByText("abc-1").waitFor();
  await page.unroute("**/api/v1/ops/runs?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
});
