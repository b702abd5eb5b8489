// The sales dashboard shows what SQL over the lake says; a click on any of its panels narrows it, the address
// holds what is narrowed, and back takes it off again.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { settled, test, visit } from "./runner.mjs";

const months = [
  "821452.73", "689811.61", "522545.56", "716215.26", "536968.491", "769296.61", "760547.01",
  "718076.121", "735717.26", "1056435.192", "1151263.73", "1503866.78", "637790.33",
];

// £10,619,986.684 as digits.
const digits = (text) => text.replaceAll("\u2212", "-").replace(/[£,\u2060]/g, "").trim();

async function dashboard(page, path = "/sales") {
  await visit(page, path);
  await page.locator(".dashboard .chart svg").waitFor();
}

const tileOf = (page, name) => page.locator(".tile", { has: page.getByRole("button", { name: `${name}: what it means`, exact: true }) });

async function shown(page, name) {
  const text = await tileOf(page, name).locator(".tile-value").innerText();
  return digits(text.split(":")[0]);
}

// The exact figure, behind the tile's name.
async function exact(page, name) {
  const term = tileOf(page, name).getByRole("button", { name: `${name}: what it means`, exact: true });
  await term.click();
  const text = await tileOf(page, name).locator(".definition").innerText();
  await page.keyboard.press("Escape");
  return digits(/Exactly (\S+?)[;.]?(?:$|\s)/.exec(text)[1]);
}

const panel = (page, title) => page.locator(".panel", { has: page.getByRole("heading", { name: title, exact: true }) });
const bars = (page, label) => page.locator(`.bars[aria-label^="${label}"] button`);

const query = (page) => new URL(page.url()).searchParams;
const until = (page, name, value) =>
  page.waitForFunction(([key, wanted]) => new URLSearchParams(location.search).get(key) === wanted, [name, value]);
const answered = (page) => page.waitForFunction(() => !document.querySelector('.dashboard[aria-busy="true"]'));

async function sql(platform, text) {
  return JSON.parse(await platform.command("sql", text, "--json"))[0];
}

// Cells of CSV without line ends inside.
function csvRows(text) {
  const cell = /(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g;
  return text.trimEnd().split("\r\n").map((line) => [...line.matchAll(cell)].map(([, quoted, plain]) => quoted ?? plain));
}

async function csvOf(page, title) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `${title} as CSV` }).click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
}

test("figures of the dashboard equal SQL over the lake", { role: "analyst" }, async ({ page, platform }) => {
  await dashboard(page);
  const { items } = await platform.ask("analyst", "/sales/metrics");
  const metric = Object.fromEntries(items.map((one) => [one.name, one.sql]));
  const names = { sales: "Sales", orders: "Orders", customers: "Customers", items: "Items", cancelled_orders: "Cancelled orders", returns: "Returns" };
  const columns = Object.keys(names).map((name) => `CAST((${metric[name]}) AS VARCHAR) AS ${name}`);
  const lake = await sql(platform, `SELECT ${columns.join(", ")}`);
  for (const [name, label] of Object.entries(names)) assert.equal(Number(await exact(page, label)), Number(lake[name]), label);
});

// What other tests have sent besides the real file, by month, as far as gold has it.
async function madeUp(platform) {
  const text = "SELECT strftime(InvoiceDate, '%Y-%m') AS month, count(DISTINCT InvoiceNo) AS orders, CAST(sum(Amount) AS VARCHAR) AS sales FROM gold.fact_sales WHERE InvoiceNo LIKE '9%' GROUP BY 1";
  const rows = JSON.parse(await platform.command("sql", text, "--json"));
  return Object.fromEntries(rows.map((row) => [row.month, { orders: Number(row.orders), sales: Number(row.sales) }]));
}

test("the real file's figures and months", { role: "analyst", real: true }, async ({ page, platform }) => {
  const made = await madeUp(platform);
  const more = (of) => Object.values(made).reduce((sum, one) => sum + one[of], 0);
  await dashboard(page);
  const near = (one, other, what) => assert.ok(Math.abs(Number(one) - other) < 0.0001, `${what}: ${one} is not ${other}`);
  near(await exact(page, "Sales"), 10619986.684 + more("sales"), "sales");
  assert.equal(Number(await shown(page, "Sales")), Math.round(10619986.684 + more("sales")));
  assert.equal(Number(await shown(page, "Orders")), 22064 + more("orders"));
  assert.equal(await shown(page, "Cancelled orders"), "3836");
  assert.equal(await exact(page, "Returns"), "-893979.73");
  const { text } = await csvOf(page, "Sales over time");
  const rows = csvRows(text).slice(1);
  assert.equal(rows.length, months.length);
  for (const [at, [start, , sales]] of rows.entries()) near(sales, Number(months[at]) + (made[start.slice(0, 7)]?.sales ?? 0), start);
  const caption = await panel(page, "Sales over time").locator(".panel-caption").innerText();
  assert.match(caption, /Highest in Nov 2011 \(£1,503,866\.78\)/);
  assert.match(caption, /Dec 2011 is not over yet/);
  assert.equal(await page.locator(".chart").getAttribute("aria-label"), caption);
});

test("a click on a bar narrows the page; chips, the bar and back widen it", { role: "analyst" }, async ({ page }) => {
  await dashboard(page);
  const all = await shown(page, "Sales");
  const country = bars(page, "Countries");
  const name = (await country.nth(1).locator(".bar-name").innerText()).trim();
  await country.nth(1).click();
  await until(page, "country", name);
  await answered(page);
  const narrowed = await shown(page, "Sales");
  assert.ok(Number(narrowed) < Number(all));
  assert.equal(await country.count(), 1);
  assert.equal(await country.first().getAttribute("aria-pressed"), "true");
  const product = bars(page, "Products by rev").first();
  await product.click();
  await page.waitForFunction(() => new URLSearchParams(location.search).has("product"));
  await answered(page);
  assert.equal(await page.locator(".chip").count(), 2);

  await page.goBack();
  await page.waitForFunction(() => document.querySelectorAll(".chip").length === 1);
  await answered(page);
  assert.equal(await shown(page, "Sales"), narrowed);
  await page.reload();
  await settled(page);
  assert.equal(await shown(page, "Sales"), narrowed); // the address holds it
  await page.getByRole("button", { name: `Remove filter: ${name}` }).click();
  await until(page, "country", null);
  await answered(page);
  assert.equal(await shown(page, "Sales"), all);
});

test("an hour of the week and a segment of customers narrow the page, and are taken back", { role: "analyst" }, async ({ page }) => {
  await dashboard(page, "/sales?show=segments");
  const all = await shown(page, "Orders");
  const peak = page.locator(".heat td.peak");
  const [, orders] = /, ([\d,]+) orders?$/.exec(await peak.getAttribute("aria-label"));
  await peak.click();
  await page.waitForFunction(() => new URLSearchParams(location.search).has("hour"));
  await answered(page);
  assert.equal(await shown(page, "Orders"), digits(orders));
  assert.equal(await page.locator(".chip").count(), 2); // the weekday and the hour
  assert.equal(await peak.getAttribute("aria-selected"), "true");
  await peak.focus();
  await page.keyboard.press("Enter");
  await until(page, "hour", null);
  await answered(page);
  assert.equal(await shown(page, "Orders"), all);

  const segment = bars(page, "Segments").first();
  const [, customers] = /([\d,]+) customers?/.exec(await segment.innerText());
  await segment.click();
  await until(page, "segment", "Champions");
  await answered(page);
  assert.equal(await shown(page, "Customers"), digits(customers));
  assert.equal(await segment.getAttribute("aria-pressed"), "true");
  await segment.click();
  await until(page, "segment", null);
});

test("a period is picked by a click, several by a drag, and all dates come back", { role: "analyst", real: true }, async ({ page }) => {
  await dashboard(page);
  const layer = page.locator(".pick-layer");
  const { width } = await layer.boundingBox();
  const at = (month) => 60 + ((width - 68) / 13) * (month + 0.5);
  await layer.click({ position: { x: at(11), y: 150 } });
  await until(page, "from", "2011-11-01");
  assert.equal(query(page).get("to"), "2011-11-30");
  await answered(page);
  assert.equal(await exact(page, "Sales"), "1503866.78");
  assert.match(await tileOf(page, "Sales").locator(".change").innerText(), /%\s*vs before/);
  await page.getByRole("button", { name: "All dates" }).last().click();
  await until(page, "from", null);
  await answered(page);

  const box = await layer.boundingBox();
  await page.mouse.move(box.x + at(3), box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + at(5), box.y + 120, { steps: 4 });
  await page.locator(".pick-range").waitFor();
  await page.mouse.up();
  await until(page, "from", "2011-03-01");
  assert.equal(query(page).get("to"), "2011-05-31");
});

test("changes are told only where the days compared with have data", { role: "analyst", real: true }, async ({ page }) => {
  await dashboard(page, "/sales?from=2011-11-01&to=2011-11-30&compare=year");
  await page.getByText(/data begins on 1 Dec 2010, so no changes are told/).waitFor();
  assert.equal(await page.locator(".change").count(), 0);
});

test("CSV is what the table shows, in every panel", { role: "analyst" }, async ({ page }) => {
  await dashboard(page, "/sales?by=quantity&show=segments&returned=customers");
  const titles = (await page.locator(".dashboard .panel h2").allInnerTexts()).map((text) => text.trim());
  assert.equal(titles.length, 6);
  for (const title of titles) {
    await page.getByRole("button", { name: `${title} as a table`, exact: true }).click();
    const room = panel(page, title).locator(".table-room");
    const first = (await room.locator("tbody tr").first().locator("td.figure").allInnerTexts()).map(digits);
    const count = await room.locator("tbody tr").count();
    const { name, text } = await csvOf(page, title);
    assert.match(name, /^sales-[a-z-]+-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/);
    const rows = csvRows(text);
    assert.equal(rows.length, count + 1, title);
    const cells = rows[1];
    for (const figure of first) {
      const near = cells.some((cell) => cell !== "" && Math.abs(Number(cell) * (figure.endsWith("%") ? 100 : 1) - Number(figure.replace("%", ""))) <= 0.051);
      assert.ok(near, `${title}: ${figure} is not in ${cells.join(" ")}`);
    }
  }
});

test("every panel explains itself: definition, SQL, version", { role: "analyst" }, async ({ page }) => {
  await dashboard(page);
  await page.getByRole("button", { name: "Sales over time: explain" }).click();
  const dialog = page.getByRole("dialog", { name: "Sales over time" });
  await dialog.getByText("SQL").first().click();
  await dialog.getByText("gold.fact_sales").first().waitFor();
  await dialog.getByText(/Gold version \d+, made at/).waitFor();
});

test("filters are chosen by typing, several at a time", { role: "analyst" }, async ({ page }) => {
  await dashboard(page);
  const names = (await bars(page, "Countries").locator(".bar-name").allInnerTexts()).map((text) => text.trim());
  await page.getByRole("button", { name: "countries: All countries" }).click();
  const search = page.getByPlaceholder("Find a country");
  assert.equal(await search.evaluate((box) => box === document.activeElement), true);
  for (const name of names.slice(1, 3)) {
    await search.fill(name.slice(0, 4).toLowerCase());
    await page.locator(".values-found").getByLabel(name).check();
    await page.waitForFunction((wanted) => new URLSearchParams(location.search).getAll("country").includes(wanted), name);
  }
  assert.deepEqual(query(page).getAll("country"), names.slice(1, 3));
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "countries: 2 countries" }).waitFor();
  await page.getByRole("button", { name: "Clear all" }).click();
  await until(page, "country", null);
});

test("from a figure to its rows, to the raw event and its receipt", { role: "analyst" }, async ({ page, platform }) => {
  await dashboard(page);
  const orders = await shown(page, "Orders");
  await tileOf(page, "Orders").locator(".tile-link").click();
  await page.waitForURL("**/sales/orders");
  await page.locator(".list-foot").waitFor();
  const { sum } = await platform.ask("analyst", "/sales/invoices?kind=orders&limit=1");
  const foot = digits(await page.locator(".list-foot").innerText());
  assert.match(foot, new RegExp(` of ${orders} orders`));
  assert.ok(foot.includes(sum), foot);
  await page.getByRole("button", { name: "Show more" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".row-link").length === 100);
  await page.locator(".row-link").nth(1).click();
  await page.locator(".order h2").waitFor();
  assert.match(new URL(page.url()).pathname, /^\/sales\/orders\/\w+$/);
  await page.getByRole("button", { name: /^Event of/ }).first().click();
  await page.getByRole("dialog", { name: "Event" }).getByText(/partition \d+, offset \d+/).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.locator(".order").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Sales", exact: true }).last().click();
  await page.locator(".dashboard").waitFor();
});

test("the dashboard by keys alone: g s, periods, bars, hours", { role: "analyst" }, async ({ page }) => {
  await visit(page, "/customers");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.locator(".dashboard .chart svg").waitFor();
  const layer = page.locator(".pick-layer");
  await layer.focus();
  await page.keyboard.press("Home");
  const first = await layer.getAttribute("aria-valuetext");
  await page.keyboard.press("Shift+ArrowRight");
  assert.match(await layer.getAttribute("aria-valuetext"), new RegExp(`^${first.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")} to `));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => new URLSearchParams(location.search).has("from"));
  await answered(page);
  const before = query(page).get("from");
  await page.keyboard.press("Escape");
  const list = bars(page, "Countries");
  await list.first().focus();
  await page.keyboard.press("ArrowDown");
  assert.equal(await list.nth(1).evaluate((button) => button === document.activeElement && button.tabIndex === 0), true);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => new URLSearchParams(location.search).has("country"));
  assert.equal(query(page).get("from"), before);
  await answered(page);
  const cell = page.locator('.heat td[tabindex="0"]');
  await cell.focus();
  const said = await page.locator(".heat-foot p").innerText();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowLeft");
  assert.notEqual(await page.locator(".heat-foot p").innerText(), said);
});

test("the former picture stays, dimmed, while the next loads; older questions are aborted", { role: "analyst" }, async ({ page }) => {
  await dashboard(page);
  const before = await shown(page, "Sales");
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  let aborted = 0;
  page.on("requestfailed", (request) => (aborted += /\/api\/v1\/sales\?/.test(request.url()) ? 1 : 0));
  await page.route(/\/api\/v1\/sales\?country=/, async (route) => {
    await held;
    await route.continue().catch(() => {}); // it may be aborted by then
  });
  await bars(page, "Countries").nth(1).click();
  await page.locator(".dashboard.waiting").waitFor();
  assert.equal(await shown(page, "Sales"), before);
  await page.goBack();
  await answered(page);
  release();
  await page.waitForFunction(() => document.querySelectorAll(".chip").length === 0);
  assert.equal(await shown(page, "Sales"), before);
  assert.equal(aborted, 1);
});

test("nothing for these filters, and a failing server, are said", { role: "analyst" }, async ({ page }) => {
  await dashboard(page, "/sales?country=Atlantis");
  await page.getByText("Nothing here for these filters").first().waitFor();
  await page.getByRole("button", { name: "Clear filters" }).first().click();
  await until(page, "country", null);
  await answered(page);
  await page.route(/\/api\/v1\/sales\?/, (route) =>
    route.fulfill({ status: 503, headers: { "x-request-id": "req-7" }, contentType: "application/json", body: '{"detail":"Too many at once."}' }),
  );
  await bars(page, "Countries").first().click();
  await page.getByText("These figures are still those of the former filters: Too many at once.").waitFor();
  await page.reload();
  await page.getByRole("alert").getByText("req-7").waitFor();
});

// The last test here: it changes the figures.
test("a new version of gold renews the figures by itself", { role: "analyst", changes: true }, async ({ page, platform }) => {
  await dashboard(page);
  const before = await exact(page, "Sales");
  const rounded = await page.locator(".tile-value span").first().innerText();
  let asked = 0;
  page.on("request", (request) => (asked += /\/api\/v1\/sales(\?|$)/.test(request.url()) ? 1 : 0));
  const { range } = await platform.ask("analyst", "/sales");
  const [year, month, day] = range.last.split("-").map(Number);
  const event = { InvoiceNo: "999002", StockCode: "22423", Description: "REGENCY CAKESTAND 3 TIER", Quantity: 2, InvoiceDate: `${month}/${day}/${year} 13:00`, UnitPrice: 12.75, CustomerID: platform.customer, Country: "EIRE" };
  const file = join(platform.folder, "gold.ndjson");
  await writeFile(file, `${JSON.stringify(event)}\n`);
  await platform.command("post", file);
  await platform.command("status", "--wait", "30s");
  await platform.command("run", "all");
  await page.waitForFunction((value) => document.querySelector(".tile-value span")?.textContent !== value, rounded);
  assert.ok(Number(await exact(page, "Sales")) >= Number(before) + 25.5 - 0.001);
  assert.ok(asked >= 1);
});
