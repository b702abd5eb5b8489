// The customer portal shows what the API and SQL say, to the penny, and its lists do what they offer.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { settled, test, visit } from "./runner.mjs";

// £143,711.17 as the API's digits.
function digits(text) {
  return text.replace("\u2212", "-").replace(/[£,]/g, "");
}

async function tile(page, name) {
  const text = await page.locator(".tile", { has: page.getByRole("button", { name: `${name}: what it means` }) }).locator(".tile-value").innerText();
  return digits(text.split(":")[0].trim());
}

// Of the database itself, past the server.
async function sql(platform, query) {
  const answer = JSON.parse(await platform.command("sql", query, "--json"));
  return answer[0];
}

function sum(amounts) {
  const units = amounts.map((amount) => {
    const [whole, fraction = ""] = amount.replace("-", "").split(".");
    return BigInt(whole + fraction.padEnd(4, "0")) * (amount.startsWith("-") ? -1n : 1n);
  });
  return units.reduce((total, one) => total + one, 0n);
}

const same = (one, other) => assert.equal(sum([one]), sum([other]), `${one} is not ${other}`);

test("figures of the portal equal the API's and the database's", { role: "customer" }, async ({ page, platform }) => {
  await visit(page, "/");
  const shown = {
    spent: await tile(page, "Spent to date"),
    returned: await tile(page, "Returned"),
    net: await tile(page, "Net"),
    orders: await tile(page, "Orders"),
  };
  const api = await platform.ask("customer", `/customers/${platform.customer}`);
  same(shown.spent, api.spent);
  same(shown.returned, api.returned);
  same(shown.net, api.net);
  assert.equal(Number(shown.orders), api.orders);
  const database = JSON.parse(await platform.command("customer", String(platform.customer), "--json"));
  assert.equal(Number(shown.spent), database.spent);
  assert.equal(Number(shown.returned), database.returned);
  assert.equal(api.orders, database.orders);
  const lake = await sql(
    platform,
    `SELECT CAST(SUM(Amount) AS VARCHAR) AS net FROM gold.fact_sales WHERE CustomerID = ${platform.customer}`,
  );
  same(shown.net, lake.net);
});

test("customer 14911 has the known figures", { role: "customer", real: true }, async ({ page }) => {
  await visit(page, "/");
  assert.equal(await tile(page, "Spent to date"), "143711.17");
  assert.equal(await tile(page, "Returned"), "-11252.44");
  assert.equal(await tile(page, "Net"), "132458.73");
  assert.equal(await tile(page, "Orders"), "201");
  await page.getByText("47 returns").first().waitFor();
});

test("each figure opens the list that it is the sum of", { role: "customer" }, async ({ page, platform }) => {
  await visit(page, "/");
  for (const [name, kind] of [
    ["Spent to date", "orders"],
    ["Returned", "returns"],
    ["Net", null],
  ]) {
    const value = await tile(page, name);
    await page.locator(".tile-link", { hasText: name === "Net" ? /together/ : new RegExp(`show the .* ${kind?.slice(0, -1)}`) }).first().click();
    await page.waitForFunction((wanted) => new URLSearchParams(location.search).get("kind") === wanted, kind);
    if (sum([value]) === 0n) {
      await page.getByText("Nothing was returned").waitFor();
      continue;
    }
    await page.locator(".list-foot strong", { hasText: /./ }).waitFor();
    await page.waitForFunction((wanted) => document.querySelector(".list-foot strong")?.textContent.replace("\u2212", "-").replace(/[£,]/g, "") === wanted, value);
    const { total, sum: listed } = await platform.ask("customer", `/customers/${platform.customer}/orders?kind=${kind ?? "all"}&limit=1`);
    same(listed, value);
    assert.match(await page.locator(".list-foot").innerText(), new RegExp(` ?${total.toLocaleString("en-GB")} `));
  }
});

test("months of the chart, as a table, add up to the figures", { role: "customer" }, async ({ page }) => {
  await visit(page, "/");
  await page.locator(".chart svg").waitFor();
  assert.match(await page.locator(".chart").getAttribute("aria-label"), /Spend by month from/);
  await page.getByRole("button", { name: "Spend by month as a table" }).click();
  const cells = async (column) => (await page.locator(`.table-room tbody td:nth-child(${column})`).allInnerTexts()).map(digits);
  assert.equal(sum(await cells(3)), sum([await tile(page, "Spent to date")]));
  assert.equal(sum(await cells(5)), sum([await tile(page, "Returned")]));
});

test("the list is searched, filtered, sorted and paged, and the address keeps it", { role: "customer" }, async ({ page, platform }) => {
  const home = `/customers/${platform.customer}`;
  await visit(page, home);
  const rows = page.locator(".list tbody tr");
  const { total } = await platform.ask("customer", `${home}/orders?limit=1`);
  if (total > 50) {
    await page.getByRole("button", { name: "Show more" }).click();
    await page.waitForFunction((wanted) => document.querySelectorAll(".list tbody tr").length === wanted, Math.min(total, 100));
    const numbers = await page.locator(".row-link").allInnerTexts();
    assert.equal(new Set(numbers).size, numbers.length);
  }
  await page.getByRole("button", { name: "Amount" }).click();
  await page.waitForFunction(() => location.search.includes("sort=amount"));
  const { items } = await platform.ask("customer", `${home}/orders?sort=amount&direction=desc&limit=1`);
  await page.locator(".list tbody tr:first-child .row-link", { hasText: items[0].invoice_no }).waitFor();
  assert.equal(await page.locator("th", { hasText: "Amount" }).getAttribute("aria-sort"), "descending");

  await page.getByLabel("Search number, product or code").fill(items[0].invoice_no);
  await page.waitForFunction(() => document.querySelectorAll(".list tbody tr").length === 1);
  await page.reload();
  await settled(page);
  assert.equal(await rows.count(), 1);
  assert.equal(await page.getByLabel("Search number, product or code").inputValue(), items[0].invoice_no);

  await page.getByLabel("Search number, product or code").fill("no such thing");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await rows.nth(1).waitFor();

  await page.getByRole("button", { name: "Dates: All dates" }).click();
  await page.getByLabel("From", { exact: true }).fill("2011-11-01");
  await page.getByLabel("To", { exact: true }).fill("2011-11-30");
  await page.getByRole("button", { name: "Show these days" }).click();
  await page.waitForFunction(() => location.search.includes("to=2011-11-30"));
  await page.getByRole("button", { name: /^Dates: 1 Nov 2011/ }).waitFor();
});

test("the CSV holds every row of the list and nothing else", { role: "customer" }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}?kind=orders`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".filters").getByRole("link", { name: "CSV" }).click()]);
  const lines = (await readFile(await download.path(), "utf8")).trimEnd().split(/\r?\n/);
  const { total } = await platform.ask("customer", `/customers/${platform.customer}/orders?kind=orders&limit=1`);
  assert.equal(lines.length, total + 1);
  assert.match(lines[0], /invoice_no/);
});

test("an order opens beside the list, at its own address; back closes it; its PDF is one", { role: "customer" }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}?kind=orders`);
  const link = page.locator(".row-link").nth(2);
  const number = (await link.innerText()).trim();
  await link.click();
  await page.getByRole("heading", { name: `Order ${number}` }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/customers/${platform.customer}/orders/${number}`);
  const invoice = await platform.ask("customer", `/invoices/${number}`);
  await page.locator(".order tfoot td:last-child").waitFor();
  same(digits(await page.locator(".order tfoot td:last-child").innerText()), invoice.total);
  const amounts = (await page.locator(".order tbody td:last-child").allInnerTexts()).map(digits);
  assert.equal(amounts.length, invoice.lines_count);
  assert.equal(sum(amounts), sum([invoice.total]));

  const pdf = await page.request.get(await page.getByRole("link", { name: "Invoice (PDF)" }).getAttribute("href"));
  assert.equal(pdf.headers()["content-type"], "application/pdf");
  assert.equal((await pdf.body()).subarray(0, 5).toString(), "%PDF-");

  await page.goBack();
  await page.locator(".order").waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).search, "?kind=orders");
});

test("a return leads to the orders it takes back", { role: "customer", real: true }, async ({ page, platform }) => {
  const { items } = await platform.ask("customer", `/customers/${platform.customer}/returned-items?limit=50`);
  for (const { invoice_no: number } of items) {
    const { returned_from: from } = await platform.ask("customer", `/invoices/${number}`);
    if (from.length === 0) continue;
    await visit(page, `/customers/${platform.customer}/orders/${number}`);
    await page.getByRole("heading", { name: `Return ${number}` }).waitFor();
    await page.getByRole("link", { name: `Order ${from[0].invoice_no}` }).click();
    await page.getByRole("heading", { name: `Order ${from[0].invoice_no}` }).waitFor();
    await page.getByRole("link", { name: `Return ${number}` }).waitFor();
    return;
  }
  throw new Error("no return refers to an order");
});

test("a customer sees no other's page, and no other's order", { role: "customer" }, async ({ page, platform }) => {
  const { items } = await platform.ask("operator", "/customers?limit=5");
  const other = items.find((one) => one.customer_id !== platform.customer).customer_id;
  const { items: orders } = await platform.ask("operator", `/customers/${other}/orders?limit=1`);
  await visit(page, `/customers/${other}`);
  await page.getByText(`There is no customer ${other} here`).waitFor();
  await visit(page, `/customers/${platform.customer}/orders/${orders[0].invoice_no}`);
  await page.getByText(`There is no order ${orders[0].invoice_no} here`).waitFor();
  assert.equal(await page.getByRole("link", { name: "Customers", exact: true }).count(), 0);
});

async function greeting(platform, customer) {
  const { name } = await platform.ask("operator", `/customers/${customer}`);
  return name ?? `Customer ${customer}`;
}

test("the list of customers goes on, page by page, to the last", { role: "analyst" }, async ({ page, platform }) => {
  await visit(page, "/customers");
  const rows = page.locator(".row-link");
  await page.getByRole("button", { name: "Show more" }).click();
  await rows.nth(99).waitFor();
  const { items } = await platform.ask("analyst", "/customers?limit=100");
  assert.deepEqual(await rows.allTextContents(), items.map((one) => String(one.customer_id)));
  const few = String(platform.customer).slice(0, -1);
  await page.getByLabel("Customer number or name").fill(few);
  await page.locator(".list-foot", { hasText: /^\d+ customers?$/ }).waitFor();
  const found = await platform.ask("analyst", `/customers?q=${few}&limit=50`);
  assert.equal(found.next, null);
  assert.deepEqual(await rows.allTextContents(), found.items.map((one) => String(one.customer_id)));
});

test("customers stand in the order of any column, over all of them", { role: "analyst" }, async ({ page, platform }) => {
  await visit(page, "/customers");
  const rows = page.locator(".row-link");
  const head = (name) => page.locator("th", { has: page.getByRole("button", { name }) });
  await rows.first().waitFor();
  assert.equal(await head("Customer").getAttribute("aria-sort"), "ascending");
  const inOrder = async (sort, direction) => {
    const { items } = await platform.ask("analyst", `/sales/customers?sort=${sort}&direction=${direction}&limit=50`);
    const wanted = items.map((one) => String(one.customer_id));
    await page.waitForFunction((texts) => [...document.querySelectorAll(".row-link")].map((row) => row.textContent).join() === texts, wanted.join());
    return items;
  };
  await page.getByRole("button", { name: "Spent to date" }).focus();
  await page.keyboard.press("Enter");
  const most = await inOrder("spent", "desc");
  assert.ok(Number(most[0].spent) > Number(most[49].spent));
  assert.equal(await head("Spent to date").getAttribute("aria-sort"), "descending");
  assert.match(page.url(), /sort=spent$/);
  await page.getByRole("button", { name: "Spent to date" }).click();
  await inOrder("spent", "asc");
  assert.equal(await head("Spent to date").getAttribute("aria-sort"), "ascending");
  await page.getByRole("button", { name: "Last order" }).click();
  await inOrder("last_order", "desc");
  await page.getByRole("button", { name: "Show more" }).click();
  await rows.nth(99).waitFor();

  // Searched for as well: both together.
  const few = String(platform.customer).slice(0, -2);
  await page.getByLabel("Customer number or name").fill(few);
  await page.waitForFunction((wanted) => new URLSearchParams(location.search).get("q") === wanted, few);
  await page.getByRole("button", { name: "Orders" }).click();
  const { items } = await platform.ask("analyst", `/sales/customers?q=${few}&sort=orders&direction=desc&limit=50`);
  assert.ok(items.length > 1 && items.every((one) => String(one.customer_id).startsWith(few)));
  await page.waitForFunction((texts) => [...document.querySelectorAll(".row-link")].map((row) => row.textContent).join() === texts, items.map((one) => String(one.customer_id)).join());
  assert.equal(await head("Orders").getAttribute("aria-sort"), "descending");
});

test("staff find any customer by typing, and see the raw event of a line", { role: "analyst" }, async ({ page, platform }) => {
  await visit(page, "/customers");
  await page.getByLabel("Customer number or name").fill(String(platform.customer));
  await page.locator(".row-link", { hasText: String(platform.customer) }).first().click();
  await page.getByRole("heading", { name: await greeting(platform, platform.customer), level: 1 }).waitFor();
  const { items } = await platform.ask("analyst", "/customers?limit=2");
  const next = items.find((one) => one.customer_id !== platform.customer).customer_id;
  const box = page.getByRole("combobox", { name: "Go to a customer" });
  await box.fill(String(next));
  await page.getByRole("option", { name: new RegExp(`^Customer ${next}|^${next}`) }).waitFor();
  await box.press("Enter");
  await page.getByRole("heading", { name: await greeting(platform, next), level: 1 }).waitFor();
  await settled(page);
  await page.locator(".row-link").first().click();
  await page.getByRole("button", { name: /^Event of/ }).first().click();
  await page.getByRole("dialog", { name: "Event" }).getByText(/partition \d+, offset \d+/).waitFor();
});
