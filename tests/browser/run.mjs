// Walks the web app in a real Chromium against a real platform that it starts, and closes with one line that
// counts the tests. Where Chromium is missing all are skipped, and said so.
//
//   node tests/browser/run.mjs               the tests
//   node tests/browser/run.mjs WORDS         those whose names hold these words
//   node tests/browser/run.mjs --screenshots no tests: pictures of every page
import { readdir } from "node:fs/promises";
import { hasChromium, launch, program } from "./chromium.mjs";
import { Platform } from "./platform.mjs";
import { runAll } from "./runner.mjs";
import { takeAll } from "./screenshots.mjs";

if (!hasChromium) {
  console.log(`browser: ${program} is missing: its tests are skipped\n0 passed, 0 failed, 1 skipped`);
  process.exit(0);
}
const [wanted] = process.argv.slice(2);
const folder = new URL(".", import.meta.url);
for (const name of (await readdir(folder)).sort()) if (name.endsWith(".test.mjs")) await import(new URL(name, folder));

const platform = await Platform.start();
const browser = await launch();
let failed = 1;
try {
  if (wanted === "--screenshots") {
    await takeAll(browser, platform);
    failed = 0;
  } else {
    const counts = await runAll(browser, platform, wanted);
    failed = counts.failed;
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
} finally {
  await browser.close();
  await platform.stop();
}
process.exit(failed === 0 ? 0 : 1);
