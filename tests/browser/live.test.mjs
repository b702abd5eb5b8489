// Figures move while events flow in; what has come is marked; silence is said.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, visit } from "./runner.mjs";

const orders = (page) => page.locator(".tile-value").nth(3).innerText();

test("a new order moves the figures and slides into the list", { role: "customer", still: false, changes: true }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}`);
  await page.locator(".as-of:not(.waiting):not(.broken)").waitFor();
  const before = Number.parseInt(await orders(page), 10);
  const event = {
    InvoiceNo: "999001",
    StockCode: "22423",
    Description: "REGENCY CAKESTAND 3 TIER",
    Quantity: 2,
    InvoiceDate: "2011-12-09T13:00:00",
    UnitPrice: 12.75,
    CustomerID: platform.customer,
    Country: "EIRE",
  };
  const file = join(platform.folder, "one.ndjson");
  await writeFile(file, `${JSON.stringify(event)}\n`);
  await platform.command("post", file);
  await page.waitForFunction((wanted) => Number.parseInt(document.querySelectorAll(".tile-value")[3]?.textContent ?? "", 10) === wanted, before + 1);
  const row = page.locator("tr.arrived", { hasText: "999001" });
  await row.waitFor();
  assert.equal(await row.locator("td").first().evaluate((cell) => getComputedStyle(cell).animationDuration), "0.15s");
});

test("when the stream breaks the page says so, and keeps what it has", { role: "customer" }, async ({ page, platform }) => {
  let asked = 0;
  await page.route("**/api/v1/live", (route) => {
    asked += 1;
    if (asked > 1) return route.abort();
    return route.fulfill({ contentType: "text/event-stream", body: "event: alive\ndata: {}\n\n" });
  });
  await visit(page, `/customers/${platform.customer}`);
  await page.locator(".as-of.broken", { hasText: /Not live: last heard at/ }).waitFor();
  assert.notEqual(await orders(page), "");
});

test("a list that cannot be loaded says what, why and which request", { role: "customer" }, async ({ page, platform }) => {
  await page.route("**/orders?*", (route) =>
    route.fulfill({ status: 503, headers: { "x-request-id": "req-42" }, contentType: "application/json", body: '{"detail":"Too many at once."}' }),
  );
  await page.goto(`/customers/${platform.customer}`);
  const alert = page.getByRole("alert").filter({ hasText: "Could not load the orders" });
  await alert.getByText("Too many at once.").waitFor();
  await alert.getByText("req-42").waitFor();
  await page.unroute("**/orders?*");
  await alert.getByRole("button", { name: "Try again" }).click();
  await page.locator(".row-link").first().waitFor();
});

test("under reduced motion nothing moves", { role: "customer", still: true }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}`);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
  const duration = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--motion"));
  assert.equal(duration.trim(), "0ms");
});
