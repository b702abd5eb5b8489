// Every answer that the app is there for, by what is written on the page: from where a sign-in leads, in three clicks
// at most. docs/web.md tells the same ways, and is compared with them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { settled, test, visit } from "./runner.mjs";

const clicksMax = 3;

// A step is what is clicked: its role, its name, and how the way calls it where its name is data.
const link = (name, said) => ({ kind: "link", name, said });
const button = (name, said) => ({ kind: "button", name, said });
const item = (name) => ({ kind: "menuitemradio", name });
const tab = (name) => ({ kind: "tab", name });
const choice = (name, said) => ({ kind: "choice", name, said }); // of a few words side by side
const row = (said) => ({ kind: "row", said }); // the first of a list
const typed = (name, text) => ({ kind: "typed", name, text }); // a click into a box, a word, Enter where it is asked for

const wordOf = ({ kind, name, said }) => (kind === "typed" ? `*${name}*` : (said ?? name));
const wayOf = (steps) => (steps.length === 0 ? "on the first page" : steps.map(wordOf).join(" → "));

async function take(page, { kind, name, text }) {
  if (kind === "row") return page.locator("main a.row-link").first().click();
  if (kind === "choice") return page.locator("fieldset.segments label").filter({ hasText: new RegExp(`^${name}$`) }).click();
  if (kind === "typed") {
    const box = page.getByLabel(name, { exact: true });
    await box.click();
    await box.fill(text);
    return box.press("Enter");
  }
  return page.getByRole(kind, { name, exact: typeof name === "string" }).first().click();
}

const sees = (text) => async (page) => page.locator("main").getByText(text).first().waitFor();
const region = (name, text) => async (page) => page.getByRole("region", { name }).getByText(text).first().waitFor();
const heading = (name) => async (page) => page.getByRole("heading", { name }).first().waitFor();
const bars = (label) => async (page) => page.getByRole("list", { name: label }).getByRole("button").first().waitFor();
const table = (name) => async (page) => page.getByRole("table", { name }).locator("tbody a, tbody td").first().waitFor();
const address = (pattern) => async (page) => page.waitForURL(pattern);
const file = (pattern) => ({ downloads: pattern });
const pdf = { opens: "application/pdf" };

const money = /[£][\d,]+/;
const tile = (name) => new RegExp(`: ${name}$`);

const sales = (order, customer) => [
  { answer: "total sales", steps: [], shown: region("Sales over time", /Sales by month .*: £[\d,]+/) },
  { answer: "sales over time", steps: [], shown: async (page) => page.getByRole("img", { name: /^Sales by month/ }).waitFor() },
  { answer: "sales by day, week or quarter", steps: [choice("Week")], shown: region("Sales over time", /Sales by week/) },
  { answer: "compared with a year earlier", steps: [button(/^Compare:/, "vs the days before"), item("A year earlier")], shown: sees(/^Compared with|nothing to compare|vs last year/) },
  { answer: "top products by revenue", steps: [], shown: bars(/^Products by revenue/) },
  { answer: "top products by quantity", steps: [choice("Quantity")], shown: bars(/^Products by quantity/) },
  { answer: "new, returning and loyal customers", steps: [], shown: region("Customers", "Loyal") },
  { answer: "the customers who spent most", steps: [], shown: bars(/^Customers/) },
  { answer: "segments of customers", steps: [choice("Segments")], shown: bars(/^Segments/) },
  { answer: "all customers by their number of orders", steps: [link("Customers"), button("Orders")], shown: sees(/those of gold/) },
  { answer: "cancelled orders and their rate", steps: [], shown: region("Cancelled orders and returns", "Cancellation rate") },
  { answer: "each cancelled order", steps: [link(tile("show the cancelled orders that it is the sum of"), "the figure Returns")], shown: table("Cancelled orders") },
  { answer: "a return and its order", steps: [link(tile("show the cancelled orders that it is the sum of"), "the figure Returns"), row("a return")], shown: heading(/^Return C/) },
  { answer: "returns by customer", steps: [choice("Customers", "Customers, of what was returned")], shown: bars(/^Customers by what they returned/) },
  { answer: "sales by country", steps: [], shown: bars(/^Countries by sales/) },
  { answer: "sales by weekday and hour", steps: [], shown: async (page) => page.getByRole("grid", { name: /^Sales by weekday and hour/ }).waitFor() },
  { answer: "the orders behind a figure", steps: [link(tile("show the orders that it is the sum of"), "the figure Sales")], shown: table("Orders") },
  { answer: "an order by its number", steps: [link(tile("show the orders that it is the sum of"), "the figure Sales"), typed("Go to an order: number", order)], shown: heading(`Order ${order}`) },
  { answer: "the raw event of a line and its receipt", steps: [link(tile("show the orders that it is the sum of"), "the figure Sales"), row("an order"), button(/^Event of/, "Event of a line")], shown: async (page) => page.getByRole("dialog", { name: "Event" }).getByText(/partition \d+, offset \d+/).waitFor() },
  { answer: "an order's invoice as PDF", steps: [link(tile("show the orders that it is the sum of"), "the figure Sales"), row("an order"), link("Invoice (PDF)")], shown: pdf },
  { answer: "what a customer spent", steps: [link("Customers"), typed("Customer number or name", customer), row("the customer")], shown: region("Spend by month", money) },
  { answer: "what a figure means", steps: [button("Sales: what it means", "the word Sales")], shown: sees(/Amount of all lines of orders/) },
  { answer: "figures as CSV", steps: [button("By country as CSV", "CSV")], shown: file(/^sales-countries.*\.csv$/) },
  { answer: "how fresh the figures are, and whether they reconcile", steps: [button(/how fresh these figures are$/, "as of …")], shown: sees("Not in gold yet") },
];

const operations = [
  { answer: "runs of the pipeline, task by task", steps: [link("Operations"), link("Runs")], shown: table(/^Tasks by run/) },
  { answer: "what a task of a run logged", steps: [link("Operations"), link("Runs"), link(/^Log of silver in the run/, "a mark of the grid")], shown: async (page) => page.getByRole("log").getByText("millrace run silver").waitFor() },
  { answer: "tables of the lake", steps: [link("Operations"), link("Lake")], shown: table("Tables of the lake") },
  { answer: "versions of a table", steps: [link("Operations"), link("Lake"), link(/^Version .* of gold\.fact_sales/, "its version")], shown: table("versions") },
  { answer: "quality checks", steps: [link("Operations"), link("Quality")], shown: address(/\/operations\/quality$/) },
  { answer: "what is made of what", steps: [link("Operations"), link("Lineage")], shown: address(/\/operations\/lineage$/) },
  { answer: "an answer by SQL", steps: [link("SQL"), button("Run")], shown: table(/./) },
  { answer: "an answer by SQL as CSV", steps: [link("SQL"), button("Run"), button("CSV")], shown: file(/\.csv$/) },
  { answer: "saved queries", steps: [link("SQL"), tab("Saved")], shown: async (page) => page.getByRole("tabpanel").getByText(/./).first().waitFor() },
  { answer: "what was asked before", steps: [link("SQL"), tab("History")], shown: async (page) => page.getByRole("tabpanel").getByText(/./).first().waitFor() },
];

const operating = [
  { answer: "what needs attention", steps: [link("Operations")], shown: region("What needs attention", /./) },
  { answer: "rate, memory and last error of each role", steps: [link("Operations")], shown: region("Roles", "Memory") },
  { answer: "topics, offsets and lag", steps: [link("Operations")], shown: region("Topics", "Lag of its readers") },
  { answer: "reconciliation", steps: [link("Operations")], shown: region("Reconciliation", /drawn up/) },
  { answer: "dead letters", steps: [link("Operations"), link("Dead letters")], shown: table("Dead letters") },
  { answer: "a dead letter: why, and sent again", steps: [link("Operations"), link("Dead letters"), row("a letter")], shown: async (page) => page.getByRole("button", { name: "Send again" }).waitFor() },
  { answer: "a run by hand", steps: [link("Operations"), link("Runs"), button("Start a run…")], shown: async (page) => page.getByRole("dialog", { name: "Start a run" }).waitFor() },
  { answer: "users", steps: [link("Operations"), link("Users")], shown: table("Users") },
  { answer: "who did what", steps: [link("Operations"), link("Audit log")], shown: address(/\/operations\/audit$/) },
];

const portal = [
  { answer: "spend to date", steps: [], shown: heading(/^Spent to date/) },
  { answer: "spend by month", steps: [], shown: region("Spend by month", money) },
  { answer: "one's orders", steps: [], shown: table("Orders and returns") },
  { answer: "one's order", steps: [row("an order")], shown: heading(/^(Order|Return) / ) },
  { answer: "one's invoice as PDF", steps: [choice("Orders"), row("an order"), link("Invoice (PDF)")], shown: pdf },
  { answer: "one's returns", steps: [link(tile("show the \\d+ returns? that it is the sum of"), "the figure Returned")], shown: address(/kind=returns/) },
  { answer: "one's returned items", steps: [link("Returned items")], shown: table("Returned items") },
  { answer: "one's orders as CSV", steps: [link("CSV")], shown: file(/^orders-.*\.csv$/) },
];

const rolesWords = { customer: "customer", analyst: "analyst, operator", operator: "operator" };

async function find(page, { answer, steps, shown }, told, role) {
  assert.ok(steps.length <= clicksMax, `${answer}: ${steps.length} clicks`);
  const way = `| ${answer} | ${rolesWords[role]} | ${wayOf(steps)} |`;
  assert.ok(told.includes(way), `docs/web.md does not tell: ${way}`);
  await visit(page, "/");
  const outcome = shown.downloads ? page.waitForEvent("download") : shown.opens ? page.context().waitForEvent("page") : null;
  for (const step of steps) {
    await settled(page);
    await take(page, step).catch((problem) => {
      throw new Error(`${answer}: ${wordOf(step)}: ${problem.message}`);
    });
  }
  if (shown.downloads) assert.match((await outcome).suggestedFilename(), shown.downloads, answer);
  else if (shown.opens) await expectFile(page, await outcome, shown.opens);
  else
    await shown(page).catch((problem) => {
      throw new Error(`${answer}: ${problem.message}`);
    });
}

// The browser of the tests shows no PDF: its tab is told by its address.
async function expectFile(page, other, type) {
  await other.close();
  const answer = await page.request.get(await page.getByRole("link", { name: "Invoice (PDF)" }).getAttribute("href"));
  assert.equal(answer.headers()["content-type"], type);
}

async function findAll(page, answers, role) {
  const told = await readFile(new URL("../../docs/web.md", import.meta.url), "utf8");
  for (const one of answers) await find(page, one, told, role);
}

test("three clicks: what an analyst asks of sales", { role: "analyst" }, async ({ page, platform }) => {
  const { items } = await platform.ask("analyst", "/sales/invoices?kind=orders&sort=amount&limit=3");
  await findAll(page, sales(items[2].invoice_no, String(platform.customer)), "analyst");
});

test("three clicks: what an analyst asks of the pipeline", { role: "analyst" }, async ({ page }) => {
  await findAll(page, operations, "analyst");
});

test("three clicks: what an operator asks", { role: "operator", changes: true }, async ({ page, platform }) => {
  await platform.makeLetter("900009");
  await findAll(page, operating, "operator");
});

test("three clicks: what a customer asks", { role: "customer" }, async ({ page }) => {
  await findAll(page, portal, "customer");
});
