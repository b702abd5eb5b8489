// Tests that share one browser and one platform, run one after another. A failing one leaves a picture of
// the page in build/web/failures.
import { mkdir } from "node:fs/promises";
import { open } from "./chromium.mjs";

const tests = [];

// options: role (signed in as; none: signed out), size, colours, still (no motion), real (needs the real data),
// changes (writes data: after all that do not).
export function test(name, options, body) {
  tests.push({ name, options, body });
}

async function picture(page, name) {
  const folder = "build/web/failures";
  await mkdir(folder, { recursive: true });
  const path = `${folder}/${name.replace(/[^a-z0-9]+/gi, "-").slice(0, 80)}.png`;
  await page.screenshot({ path }).catch(() => {});
  return path;
}

async function runOne({ name, options, body }, browser, platform) {
  const page = await open(browser, { base: platform.url, ...options });
  const problems = [];
  page.on("pageerror", (error) => problems.push(`error in the page: ${error.message}`));
  page.on("console", (said) => {
    // Answers that tests provoke are shown by the browser as errors too; the page's own are not of these.
    if (said.type() === "error" && !/Failed to load resource/.test(said.text())) problems.push(`console: ${said.text()}`);
  });
  try {
    if (options.role) await page.context().addCookies([platform.cookies[options.role]]);
    await body({ page, platform, browser });
    if (problems.length > 0) throw new Error(problems.join("\n"));
    return null;
  } catch (error) {
    return `${error.stack ?? error}\n  picture: ${await picture(page, name)}`;
  } finally {
    await page.context().close();
  }
}

const atOnce = 2; // of those that only read

// Prints a line a test; returns the counts.
export async function runAll(browser, platform, wanted) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const chosen = tests.filter((one) => !wanted || one.name.includes(wanted));

  const take = async (one) => {
    if (one.options.real && !platform.real) {
      console.log(`skipped: ${one.name}: the real data is not here (REAL_DATA)`);
      counts.skipped += 1;
      return;
    }
    const began = performance.now();
    const problem = await runOne(one, browser, platform);
    const time = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    console.log(problem ? `FAILED: ${one.name} (${time})\n${problem}` : `ok: ${one.name} (${time})`);
    counts[problem ? "failed" : "passed"] += 1;
  };
  const readers = chosen.filter((one) => !one.options.changes);
  const lane = async () => {
    for (let one = readers.shift(); one; one = readers.shift()) await take(one);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  for (const one of chosen.filter((other) => other.options.changes)) await take(one);
  return counts;
}

// Once nothing on the page is loading any more.
export async function settled(page) {
  await page.waitForSelector("h1, .sign-in");
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .skeleton'));
}

export async function visit(page, path) {
  await page.goto(path);
  await settled(page);
}
