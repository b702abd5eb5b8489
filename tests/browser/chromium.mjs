// The real browser: Debian's Chromium without a screen, driven by playwright-core. Each has a new empty
// profile and asks for nothing beyond the servers that the tests start.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(fileURLToPath(new URL("../../web/package.json", import.meta.url)));
const { chromium } = require("playwright-core");

export const axeSource = require.resolve("axe-core/axe.min.js");
export const program = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const hasChromium = existsSync(program);

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const sizes = {
  phone: { width: 360, height: 740 },
  desktop: { width: 1440, height: 900 },
};

export function launch() {
  const env = { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL("fonts.conf", import.meta.url)) };
  return chromium.launch({ executablePath: program, headless: true, args: flags, env });
}

// A page of its own profile: `size` of sizes, `colours` light or dark.
export async function open(browser, { base, size = "desktop", colours = "light", still = true } = {}) {
  const context = await browser.newContext({
    baseURL: base,
    viewport: sizes[size],
    isMobile: size === "phone",
    hasTouch: size === "phone",
    colorScheme: colours,
    reducedMotion: still ? "reduce" : "no-preference",
    locale: "en-GB",
    timezoneId: "Europe/London",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  return page;
}
