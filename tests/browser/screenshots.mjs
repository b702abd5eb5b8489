// Pictures of every page, light and dark, phone and desktop: into build/web/screenshots, and those that the docs
// show into docs/screenshots.
import { copyFile, mkdir } from "node:fs/promises";
import { open, sizes } from "./chromium.mjs";
import { pages } from "./pages.mjs";
import { visit } from "./runner.mjs";

const made = "build/web/screenshots";
const shown = "docs/screenshots";

export async function takeAll(browser, platform) {
  await mkdir(made, { recursive: true });
  await mkdir(shown, { recursive: true });
  for (const size of Object.keys(sizes)) {
    for (const colours of ["light", "dark"]) {
      for (const one of await pages(platform)) {
        const page = await open(browser, { base: platform.url, size, colours });
        if (one.role) await page.context().addCookies([platform.cookies[one.role]]);
        await visit(page, one.path);
        await one.act?.(page);
        const name = `${one.name}-${size}-${colours}.png`;
        await page.screenshot({ path: `${made}/${name}` });
        if (one.shown?.includes(`${size}-${colours}`)) await copyFile(`${made}/${name}`, `${shown}/${name}`);
        await page.context().close();
      }
    }
  }
  console.log(`screenshots: ${made}, those of the docs in ${shown}`);
}
