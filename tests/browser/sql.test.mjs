// The SQL page: answers are the command line's, nothing is written, faults stand at their place.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test, visit } from "./runner.mjs";

async function write(page, sql) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(sql);
}

async function ask(page, sql) {
  await write(page, sql);
  await page.keyboard.press("Control+Enter");
}

const cells = (page, row) => page.locator("table.result tbody tr").nth(row).locator("td:not([aria-hidden])").allInnerTexts();

test("SELECT * FROM gold.vw_TotalSales answers as the command line does, to the last digit", { role: "analyst" }, async ({ page, platform }) => {
  await visit(page, "/sql");
  await ask(page, "SELECT * FROM gold.vw_TotalSales");
  await page.locator("table.result").waitFor();
  const [head, row] = (await platform.command("sql", "--format", "csv", "SELECT * FROM gold.vw_TotalSales")).trim().split("\n");
  assert.deepEqual(await cells(page, 0), row.split(","));
  assert.equal(await page.locator("table.result thead th").count(), head.split(",").length + 1);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  assert.equal(await readFile(await download.path(), "utf8"), `${head}\r\n${row}\r\n`);
});

test("nothing can be written, and that is said in words", { role: "operator" }, async ({ page }) => {
  await visit(page, "/sql");
  for (const sql of ["DELETE FROM gold.fact_sales", "CREATE TABLE t AS SELECT 1", "COPY gold.dim_date TO 'x.csv'"]) {
    await ask(page, sql);
    await page.locator(".failure").getByText(/only queries are allowed|only reads|read.only/i).waitFor();
    await page.locator(".cm-content").click();
    await ask(page, "SELECT 1 AS one");
    await page.locator("table.result").waitFor();
  }
  await page.getByText("Store", { exact: true }).click();
  await page.getByText("Answer").waitFor({ state: "detached" }).catch(() => undefined);
  await ask(page, "DELETE FROM lines");
  await page.locator(".failure").waitFor();
});

test("a fault is shown at its place; tables complete, also by a click; history and saved queries open again", { role: "operator", changes: true }, async ({ page, platform }) => {
  await visit(page, "/sql");
  await ask(page, "SELECT nothing_of_this_name FROM gold.fact_sales");
  await page.locator(".failure").getByText("nothing_of_this_name").first().waitFor();

  await write(page, "SELECT count(*) FROM ");
  await page.keyboard.type("fact");
  await page.locator(".cm-tooltip-autocomplete").getByText("gold.fact_sales").waitFor();
  await page.waitForTimeout(100); // it takes no key before its reader can have seen it
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+Enter");
  await page.locator("table.result").waitFor();
  const [, lines] = (await platform.command("sql", "--format", "csv", "SELECT count(*) FROM gold.fact_sales")).trim().split("\n");
  assert.deepEqual(await cells(page, 0), [lines]);

  await page.getByRole("button", { name: "Save…" }).click();
  await page.getByLabel("Name").fill("How many lines");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await write(page, "SELECT 1");
  await page.getByRole("tab", { name: "Saved" }).click();
  await page.getByRole("button", { name: /^How many lines/ }).click();
  await page.locator(".cm-content").getByText("count(*)").waitFor();
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByRole("button", { name: /nothing_of_this_name.*failed/s }).waitFor();
  await page.getByRole("tab", { name: "Tables" }).click();
  await write(page, "SELECT * FROM ");
  await page.getByRole("treeitem", { name: /^vw_TotalSales/ }).click();
  await page.locator(".cm-content").getByText("gold.vw_TotalSales").waitFor();
});

test("a long answer is scrolled through, drawn, and stopped; letters typed stay in the editor", { role: "analyst" }, async ({ page }) => {
  await visit(page, "/sql");
  await ask(page, "SELECT range AS n, 'g' || range AS name FROM range(1000)");
  await page.locator("table.result").waitFor();
  assert.ok((await page.locator("table.result tbody tr").count()) < 200); // only what is in sight
  await page.locator(".result-room").evaluate((room) => room.scrollTo(0, room.scrollHeight));
  await page.locator("table.result").getByText("g999").waitFor();
  await page.getByText("Chart", { exact: true }).click();
  await page.locator(".chart svg").waitFor();
  await write(page, "");
  await page.keyboard.type("g?/c");
  await page.locator(".cm-content").getByText("g?/c").waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
  await ask(page, "SELECT count(*) FROM range(1000000) a, range(100000) b WHERE a.range % 7 < b.range % 5");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped").waitFor();
  await ask(page, "SELECT 'still here' AS answer"); // the server has let go of it
  await page.locator("table.result").getByText("still here").waitFor();
});

test("an analyst asks the lake alone", { role: "analyst" }, async ({ page }) => {
  await visit(page, "/sql");
  assert.equal(await page.getByText("Store", { exact: true }).count(), 0);
  const { sources } = await page.evaluate(async () => (await fetch("/api/v1/sql/schema")).json());
  assert.deepEqual(sources.map(({ source }) => source), ["lake"]);
});
