// No page breaks a rule of axe-core, light or dark, on a phone or a desktop, and none is wider than its window: nothing
// that can be used is cut off at its edge, but in what scrolls for itself.
import { readFile } from "node:fs/promises";
import { axeSource, sizes } from "./chromium.mjs";
import { pages } from "./pages.mjs";
import { test, visit } from "./runner.mjs";

const axe = await readFile(axeSource, "utf8");

// In the dark only colours are others: only what looks at them is run again.
async function violations(page, colours) {
  await page.emulateMedia({ colorScheme: colours });
  const found = await page.evaluate(async (onlyColours) => {
    const only = onlyColours ? { runOnly: ["color-contrast"] } : {};
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"], ...only });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  }, colours === "dark");
  return found.map((violation) => `${colours}: ${violation}`);
}

const scrollers = ".table-room, .grid-room, nav.tabs";

// What reaches over the window's edge: whatever it is in that hides it.
async function cutOff(page) {
  return page.evaluate((rooms) => {
    const reachesOver = (one) => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1;
    const scrolls = (room) => room && !reachesOver(room) && /auto|scroll/.test(getComputedStyle(room).overflowX);
    const used = [...document.querySelectorAll("main :is(a[href], button, input, select, textarea, [tabindex])")];
    const over = used.filter((one) => one.offsetWidth > 1 && reachesOver(one) && !scrolls(one.closest(rooms)));
    return over.map((one) => `${one.tagName.toLowerCase()} "${(one.ariaLabel ?? one.textContent).trim().slice(0, 40)}" is cut off`);
  }, scrollers);
}

async function look(page, { name, path, act }) {
  await visit(page, path);
  await act?.(page);
  await page.evaluate(axe);
  const found = [...(await violations(page, "light")), ...(await violations(page, "dark"))];
  const over = (await page.evaluate(() => document.documentElement.scrollWidth)) - page.viewportSize().width;
  if (over > 0) found.push(`${over} px wider than the window`);
  found.push(...(await cutOff(page)));
  await page.emulateMedia({ colorScheme: "light" });
  return found.map((problem) => `${name}: ${problem}`);
}

for (const size of Object.keys(sizes)) {
  for (const role of [null, "customer", "analyst", "operator"]) {
    test(`axe: pages of ${role ?? "nobody"}, ${size}, light and dark`, { role, size }, async ({ page, platform }) => {
      const found = [];
      for (const one of await pages(platform)) if ((one.role ?? null) === role) found.push(...(await look(page, one)));
      if (found.length > 0) throw new Error(found.join("\n"));
    });
  }
}
