// From a filter to the frame that shows its figures, in a real Chromium on a server that is there.
//
//   node bench/web_paint.mjs ADDRESS COOKIE [ROUNDS]   -> one JSON line; COOKIE: NAME=VALUE of a session
//
// A round narrows the dashboard by dates (a drag, a period, days typed), country, product, customer, an hour of the
// week and a segment, each by a real click or key, and clears all; days are drawn anew each time, so that hardly
// any question is one that the server has answered before. Measured is from the time stamp of the input event (its
// creation, before any handler) to the task after the frame in which the figures are those of the new filters; in
// it, from fetch to the last byte of the answer ("server"). Motion is not reduced.
import { launch, open } from "../tests/browser/chromium.mjs";

const [address, cookie, rounds = "20"] = process.argv.slice(2);
const [name, value] = cookie.split("=");

// Runs in the page. The address tells the filters; the dashboard is not busy once it shows their answer.
function watch() {
  const results = [];
  let input = null;
  const took = (event) => {
    if (event.isTrusted) input = event.timeStamp;
  };
  for (const kind of ["click", "pointerup", "keydown", "change"]) addEventListener(kind, took, { capture: true, passive: true });
  window.paints = results;
  window.nextPaint = () =>
    new Promise((resolve) => {
      const before = location.search;
      const done = () => {
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => {
            const painted = performance.now();
            const asked = performance.getEntriesByType("resource").filter((entry) => /\/api\/v1\/sales(\?|$)/.test(entry.name) && entry.startTime >= input).at(-1);
            resolve({
              paint: painted - input,
              server: asked ? asked.responseEnd - asked.fetchStart : null,
              before: asked ? asked.fetchStart - input : null,
              after: asked ? painted - asked.responseEnd : null,
            });
          };
          channel.port2.postMessage(null);
        });
      };
      const look = () => {
        const shown = document.querySelector(".dashboard");
        if (location.search === before || !shown || shown.ariaBusy === "true") return;
        observer.disconnect();
        done();
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
}

const random = (() => {
  let state = 7;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
})();

const browser = await launch();
const page = await open(browser, { base: address, still: false });
await page.context().addCookies([{ name, value, url: address }]);
await page.addInitScript(watch);
await page.goto("/sales?show=segments");
await page.locator(".dashboard .chart :is(svg, canvas)").waitFor();

const measured = [];
async function measure(kind, act) {
  await page.evaluate(() => {
    performance.clearResourceTimings();
    window.painting = window.nextPaint();
  });
  await act();
  const one = await page.evaluate(() => window.painting);
  measured.push({ kind, ...one });
  await page.mouse.move(2, 2); // nothing is under the pointer
}

const bar = (label, at) => page.locator(`.bars[aria-label^="${label}"] button`).nth(at);
const layer = page.locator(".pick-layer");

async function drag() {
  const { x, y, width } = await layer.boundingBox();
  const [one, other] = [random(width - 80), random(width - 80)].map((at) => x + 60 + at);
  await page.mouse.move(one, y + 120);
  await page.mouse.down();
  await page.mouse.move(other + (one === other ? 30 : 0), y + 120, { steps: 3 });
  await page.mouse.up();
}

async function typeDays(first, last) {
  await page.getByRole("button", { name: /^Dates:/ }).click();
  await page.getByLabel("From", { exact: true }).fill(first);
  await page.getByLabel("To", { exact: true }).fill(last);
  await page.keyboard.press("Enter");
}

const day = (at) => new Date(Date.UTC(2025, 0, 2 + at)).toISOString().slice(0, 10);
const clear = () => page.getByRole("button", { name: "Clear all" }).click();

for (let round = 0; round < Number(rounds); round++) {
  const from = random(200);
  await measure("days", () => typeDays(day(from), day(from + 20 + random(160))));
  await measure("country", () => bar("Countries", random(3)).click());
  await measure("hour", () => page.locator(".heat td[data-at]").nth(30 + random(20)).click());
  await measure("clear", clear);
  await measure("drag", drag);
  await measure("product", () => bar("Products by rev", random(5)).click());
  await measure("clear", clear);
  await measure("country, all days", () => bar("Countries", round % 2 === 0 ? 0 : random(5)).click());
  await measure("days, compared", () => typeDays(day(200 + random(50)), day(330 + random(30))));
  await measure("segment", () => bar("Segments", random(2)).click());
  await measure("clear", clear);
}
await browser.close();

function quantile(values, part) {
  const sorted = values.filter((one) => one !== null).sort((a, b) => a - b);
  return sorted.length === 0 ? null : Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1));
}
const of = (some, what) => ({ p50: quantile(some.map((one) => one[what]), 0.5), p95: quantile(some.map((one) => one[what]), 0.95) });
const kinds = [...new Set(measured.map((one) => one.kind))];
const asked = measured.filter((one) => one.server !== null);
console.log(
  JSON.stringify({
    bench: "web_paint",
    changes: measured.length,
    asked: asked.length,
    paint_ms: of(measured, "paint"),
    asked_paint_ms: of(asked, "paint"),
    server_ms: of(asked, "server"),
    before_ms: of(asked, "before"),
    after_ms: of(asked, "after"),
    by_kind: Object.fromEntries(kinds.map((kind) => [kind, of(measured.filter((one) => one.kind === kind), "paint")])),
  }),
);
