// Every page of the web and every route that reads, each asked by 100 users at once, on a platform of its own with
// store and lake, filled with the real file (REAL_DATA; made-up events without it).
//
//   TEST_PROGRAM=BUILD/millrace node bench/web_pages.mjs [SECONDS]   -> JSON lines: a request each, then a page each
//
// What a page asks for is what a real Chromium asks for when it is opened (tests/browser/pages.mjs): the document,
// its files, the API. Each of these is asked by wrk on 100 connections, without a pause, while 100 live streams are
// open. A page's figure is that of its slowest request.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { launch, open } from "../tests/browser/chromium.mjs";
import { pages } from "../tests/browser/pages.mjs";
import { Platform } from "../tests/browser/platform.mjs";
import { visit } from "../tests/browser/runner.mjs";

const run = promisify(execFile);
const users = 100;
const [seconds = "2"] = process.argv.slice(2);

const ms = (text) => Number.parseFloat(text) * (text.endsWith("us") ? 0.001 : text.endsWith("ms") ? 1 : 1000);
const isFile = ({ path }) => !path.startsWith("/api/");
const short = (path) => (path.length > 90 ? `${path.slice(0, 87)}...` : path);

const platform = await Platform.start();
try {
  const asked = new Map(); // "METHOD path role" -> request
  const shown = await openAll(asked);
  await addRoutes(asked);
  await missing(asked);
  const streams = await openStreams();
  for (const request of asked.values()) {
    Object.assign(request, await load(request));
    const { method, path, role, ...figures } = request;
    console.log(JSON.stringify({ bench: "request", method, path: short(path), role, users, ...told(figures) }));
  }
  for (const { name, keys } of shown) {
    const slowest = keys.map((key) => asked.get(key)).reduce((one, other) => (other.p99_ms > one.p99_ms ? other : one));
    console.log(JSON.stringify({ bench: "web_page", page: name, requests: keys.length, slowest: short(slowest.path), p99_ms: slowest.p99_ms }));
  }
  streams.abort();
} finally {
  await platform.stop();
}

function told({ rate, p50_ms, p99_ms, refused }) {
  return { requests_per_s: rate, p50_ms, p99_ms, errors: refused };
}

// Files are the same to all.
function add(asked, request) {
  const key = `${request.method} ${request.path} ${isFile(request) ? "" : request.role} ${request.body ?? ""}`;
  if (!asked.has(key)) asked.set(key, request);
  return key;
}

// What Chromium asks for on each page; what a page asks again and again counts once.
async function openAll(asked) {
  const browser = await launch();
  const shown = [];
  for (const { name, path, role, act } of await pages(platform)) {
    const page = await open(browser, { base: platform.url });
    const keys = new Set();
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (!url.protocol.startsWith("http") || url.pathname === "/api/v1/live") return;
      keys.add(add(asked, { method: request.method(), path: url.pathname + url.search, role, body: request.postData(), csrf: request.headers()["x-csrf-token"] }));
    });
    if (role) await page.context().addCookies([platform.cookies[role]]);
    await visit(page, path);
    if (act) await act(page);
    await page.context().close();
    shown.push({ name, keys: [...keys] });
  }
  await browser.close();
  return shown;
}

// Routes that no page asks for at its opening: what is opened from it.
async function addRoutes(asked) {
  const { customer } = platform;
  const ask = (path) => platform.ask("operator", path);
  const letter = await platform.makeLetter("900009");
  const { items: [order] } = await ask(`/customers/${customer}/orders?kind=orders&limit=1`);
  const { lines: [line] } = await ask(`/invoices/${order.invoice_no}`);
  const { items: [last] } = await ask("/ops/runs?limit=1");
  const task = `/ops/runs/${last.id}/tasks/silver`;
  const table = "/ops/tables/gold/fact_sales";
  const panels = ["series", "products", "customers", "countries", "hours", "cancellations"];
  const paths = [
    `/invoices/${order.invoice_no}/pdf`, `/events/${line.event_id}`, `/ops/letters/${letter}`, `/ops/runs/${last.id}`,
    `${task}/log`, `${task}/report`, `${table}/history`, `${table}/files`, "/sales/values?field=product&q=a",
    `/customers/${customer}/orders?q=heart`, `/customers?q=${String(customer).slice(0, 2)}`, "/sales/metrics", "/sql/saved",
    `/sales?from=2011-03-01&compare=previous`, ...panels.map((panel) => `/sales/${panel}`),
  ];
  for (const path of paths) add(asked, { method: "GET", path: `/api/v1${path}`, role: "operator" });
  for (const path of ["/ready", "/metrics", "/health", "/docs", "/openapi.json"]) add(asked, { method: "GET", path, role: "operator" });
}

// Is every route that reads among them? The document of the API tells them all.
async function missing(asked) {
  const { paths } = await (await fetch(`${platform.url}/openapi.json`)).json();
  const have = [...asked.values()].filter(({ method }) => method === "GET").map(({ path }) => path.split("?")[0]);
  for (const [path, operations] of Object.entries(paths)) {
    const pattern = new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+")}$`);
    if (operations.get && path !== "/api/v1/live" && !have.some((one) => pattern.test(one))) throw new Error(`nobody asks for ${path}`);
  }
}

// As many live streams as there are users, each read as it comes.
async function openStreams() {
  const abort = new AbortController();
  const { name, value } = platform.cookies.operator;
  await Promise.all(
    Array.from({ length: users }, async () => {
      const answer = await fetch(`${platform.url}/api/v1/live`, { headers: { cookie: `${name}=${value}` }, signal: abort.signal });
      if (!answer.ok) throw new Error(`a live stream: ${answer.status}`);
      void answer.body.pipeTo(new WritableStream()).catch(() => undefined);
    }),
  );
  return abort;
}

async function load(request) {
  const { method, path, role, body, csrf } = request;
  const headers = { ...(body && { "content-type": "application/json", origin: platform.url }), ...(csrf && { "x-csrf-token": csrf }) };
  if (role) headers.cookie = `${platform.cookies[role].name}=${platform.cookies[role].value}`;
  const script = join(platform.folder, "wrk.lua");
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`);
  await writeFile(script, [`wrk.method = ${JSON.stringify(method)}`, ...(body ? [`wrk.body = ${JSON.stringify(body)}`] : []), ...lines].join("\n"));
  const { stdout } = await run("wrk", ["-t1", `-c${users}`, `-d${isFile(request) ? 1 : seconds}s`, "--latency", "-s", script, platform.url + path]);
  const found = (pattern) => pattern.exec(stdout)?.[1];
  return {
    rate: Math.round(Number(found(/Requests\/sec:\s+([\d.]+)/))),
    p50_ms: Number(ms(found(/^\s+50%\s+(\S+)/m)).toFixed(1)),
    p99_ms: Number(ms(found(/^\s+99%\s+(\S+)/m)).toFixed(1)),
    refused: Number(found(/Non-2xx or 3xx responses: (\d+)/) ?? 0),
  };
}
