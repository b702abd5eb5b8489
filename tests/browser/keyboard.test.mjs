// Everything works without a pointer, and the focus is never lost.
import assert from "node:assert/strict";
import { settled, test, visit } from "./runner.mjs";

const focused = (page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");

test("the skip link is the first stop and leads to the content", { role: "customer" }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}`);
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
});

test("? lists the keys and gives the focus back, / searches, g c goes", { role: "analyst" }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}`);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
  await page.keyboard.press("/");
  assert.equal(await page.getByLabel("Search number, product or code").evaluate((box) => box === document.activeElement), true);
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.getByRole("heading", { name: "Customers", level: 1 }).waitFor();
  await settled(page);
  await page.keyboard.press("/");
  await page.keyboard.type("g");
  assert.equal(await page.getByLabel("Customer number or name").inputValue(), "g"); // letters stay letters where one types
});

test("rows are one stop: arrows move, Enter opens, Escape closes and comes back", { role: "customer" }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}`);
  await page.locator(".row-link").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const number = await focused(page);
  assert.equal(number, (await page.locator(".row-link").nth(2).innerText()).trim());
  assert.equal(await page.locator('.row-link[tabindex="0"]').count(), 1);
  await page.keyboard.press("Enter");
  await page.locator(".order h2").waitFor();
  await page.waitForFunction(() => /^(Order|Return) /.test(document.activeElement?.textContent ?? ""));
  await page.keyboard.press("Escape");
  await page.locator(".order").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.classList.contains("row-link"));
  assert.equal(await focused(page), number);
});

test("menus and popovers open, move and close by keys", { role: "customer" }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}`);
  const account = page.getByRole("button", { name: "Account of customer" });
  await account.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("role")?.startsWith("menuitem"));
  await page.keyboard.press("End");
  assert.equal(await focused(page), "Sign out");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), "Colours of the system");
  await page.keyboard.press("Escape");
  assert.equal(await account.getAttribute("aria-expanded"), "false");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Account of customer");

  await page.getByRole("button", { name: "Returned: what it means" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("cancellations of earlier orders").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("cancellations of earlier orders").waitFor({ state: "detached" });
});

test("every stop of Tab shows that it has the focus", { role: "customer" }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}`);
  await page.evaluate(() => document.activeElement?.blur());
  const seen = new Set();
  for (let at = 0; at < 40; at++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const rings = [element, element.closest("label"), element.closest(".segments label")].filter(Boolean);
      const outlined = rings.some((one) => [null, "::after"].some((part) => getComputedStyle(one, part).outlineStyle === "solid"));
      return { name: element.getAttribute("aria-label") ?? element.textContent?.trim() ?? element.tagName, outlined };
    });
    if (stop === null) break;
    assert.ok(stop.outlined, `${stop.name} does not show the focus`);
    seen.add(stop.name);
  }
  assert.ok(seen.size > 12, `only ${seen.size} stops`);
});
