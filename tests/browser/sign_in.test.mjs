// Signing in by password and by link, signing out, losing the session.
import assert from "node:assert/strict";
import { settled, test, visit } from "./runner.mjs";

async function signIn(page, name, password) {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a signed-out visitor comes back to the page asked for, and a wrong password says so", {}, async ({ page, platform }) => {
  await page.goto(`/customers/${platform.customer}?kind=returns`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await signIn(page, "customer", "not the password");
  await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
  assert.equal(await page.getByLabel("Password").inputValue(), "");
  await signIn(page, "customer", platform.passwords.customer);
  await page.waitForURL(`/customers/${platform.customer}?kind=returns`);
});

test("the way back leads nowhere but into the app", {}, async ({ page, platform }) => {
  await page.goto("/sign-in?to=//elsewhere.example/");
  await signIn(page, "operator", platform.passwords.operator);
  await page.getByRole("button", { name: "Account of operator" }).waitFor();
  assert.equal(new URL(page.url()).origin, platform.url);
});

test("a one-time link asks for a password, which then signs in; the link is used up", {}, async ({ page, platform }) => {
  const token = await platform.link("newcomer", "analyst");
  await page.goto(`/sign-in#token=${token}`);
  await page.getByRole("heading", { name: "Welcome, newcomer" }).waitFor();
  assert.equal(new URL(page.url()).hash, "");
  await page.getByLabel("New password", { exact: true }).fill("a few good words");
  await page.getByLabel("New password again").fill("a few other words");
  await page.getByRole("button", { name: "Save and go on" }).click();
  await page.getByText("The two new passwords differ.").waitFor();
  await page.getByLabel("New password again").fill("a few good words");
  await page.getByRole("button", { name: "Save and go on" }).click();
  await page.getByRole("button", { name: "Account of newcomer" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();

  await page.goto(`/sign-in#token=${token}`);
  await page.getByText(/link has been used or is too old/).waitFor();
  await signIn(page, "newcomer", "a few good words");
  await page.getByRole("button", { name: "Account of newcomer" }).waitFor();
});

test("a session that ends says so and keeps the place", { role: "analyst" }, async ({ page, platform }) => {
  await visit(page, `/customers/${platform.customer}`);
  await page.context().clearCookies();
  await page.getByRole("link", { name: "Returned items" }).click();
  await page.getByText("Your session has ended").waitFor();
  await signIn(page, "analyst", platform.passwords.analyst);
  await page.waitForURL(`/customers/${platform.customer}/returned`);
});

test("colours follow the system until they are chosen, and stay chosen", { role: "customer" }, async ({ page, platform }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await visit(page, `/customers/${platform.customer}`);
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await background();
  assert.notEqual(light, dark);
  await page.getByRole("button", { name: "Account of customer" }).click();
  await page.getByRole("menuitemradio", { name: "Light" }).click();
  assert.equal(await background(), light);
  await page.reload();
  await settled(page);
  assert.equal(await background(), light);
});
