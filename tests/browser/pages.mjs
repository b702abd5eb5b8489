// A question whose answer has rows to look at.
async function askSql(page) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("SELECT StockCode, Description, TotalQuantity, TotalSales\nFROM gold.vw_Top10SellingProducts");
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator("table.result").waitFor();
}

// Every page as it is looked at by axe and for the screenshots: its address, and as whom. An order of the
// customer is found when the platform runs.
export async function pages(platform) {
  const { customer } = platform;
  const home = `/customers/${customer}`;
  const { items } = await platform.ask("operator", `/customers/${customer}/orders?kind=orders&limit=2`);
  const order = items.at(-1).invoice_no;
  return [
    { name: "sales", path: "/sales", role: "analyst", shown: ["desktop-light", "desktop-dark", "phone-light"] },
    { name: "sales-filtered", path: "/sales?from=2011-09-01&to=2011-11-30&country=France&country=Germany&show=segments", role: "analyst" },
    { name: "sales-orders", path: "/sales/orders", role: "analyst" },
    { name: "sales-lines", path: "/sales/lines", role: "analyst" },
    { name: "sales-nothing", path: "/sales?country=Atlantis", role: "analyst" },
    { name: "sign-in", path: "/sign-in" },
    { name: "portal", path: home, role: "customer", shown: ["desktop-light", "phone-dark"] },
    { name: "order", path: `${home}/orders/${order}`, role: "customer", shown: ["desktop-light"] },
    { name: "returned-items", path: `${home}/returned`, role: "customer" },
    { name: "customers", path: "/customers", role: "analyst" },
    { name: "customers-by-spend", path: "/customers?sort=spent", role: "analyst" },
    { name: "any-customer", path: `${home}?kind=returns`, role: "operator" },
    { name: "invoice", path: `/invoices/${order}`, role: "operator" },
    { name: "filtered-empty", path: `${home}?q=no+such+thing`, role: "customer" },
    { name: "no-such-customer", path: "/customers/1", role: "operator" },
    { name: "forbidden", path: "/customers", role: "customer" },
    { name: "not-found", path: "/nowhere", role: "customer" },
    { name: "operations", path: "/operations", role: "operator", shown: ["desktop-light"] },
    { name: "dead-letters", path: "/operations/letters", role: "operator" },
    { name: "runs", path: "/operations/runs", role: "operator" },
    { name: "runs-of-an-analyst", path: "/operations/runs", role: "analyst" },
    { name: "lake", path: "/operations/lake/gold/fact_sales", role: "operator" },
    { name: "lineage", path: "/operations/lineage", role: "analyst", shown: ["desktop-light"] },
    { name: "quality", path: "/operations/quality", role: "analyst" },
    { name: "users", path: "/operations/users", role: "operator" },
    { name: "audit", path: "/operations/audit", role: "operator" },
    { name: "operations-forbidden", path: "/operations/letters", role: "analyst" },
    { name: "sql", path: "/sql", role: "operator", shown: ["desktop-light"], act: askSql },
    { name: "sql-of-an-analyst", path: "/sql", role: "analyst" },
  ];
}
