// No page breaks a rule of axe-core, light or dark, on a phone or a desktop, and none is wider than its window.
import { readFile } from "node:fs/promises";
import { axeSource, sizes } from "./chromium.mjs";
import { pages } from "./pages.mjs";
import { test, visit } from "./runner.mjs";

const axe = await readFile(axeSource, "utf8");

async function violations(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  });
}

for (const size of Object.keys(sizes)) {
  for (const colours of ["light", "dark"]) {
    for (const role of [null, "customer", "analyst", "operator"]) {
      test(`axe: pages of ${role ?? "nobody"}, ${size}, ${colours}`, { role, size, colours }, async ({ page, platform }) => {
        const found = [];
        for (const { name, path } of (await pages(platform)).filter((one) => (one.role ?? null) === role)) {
          await visit(page, path);
          for (const violation of await violations(page)) found.push(`${name}: ${violation}`);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          if (over > 0) found.push(`${name}: ${over} px wider than the window`);
        }
        if (found.length > 0) throw new Error(found.join("\n"));
      });
    }
  }
}
