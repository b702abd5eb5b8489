import assert from "node:assert/strict";
import { test } from "node:test";
import { isOwn, matchPath, withQuery } from "../src/lib/router";
import { findPage } from "../src/pages/registry";

test("paths give their parameters, decoded", () => {
  assert.deepEqual(matchPath("/customers/:customer/orders/:invoice", "/customers/14911/orders/C562375"), {
    customer: "14911",
    invoice: "C562375",
  });
  assert.deepEqual(matchPath("/x/:name", "/x/a%20b"), { name: "a b" });
  assert.deepEqual(matchPath("/customers", "/customers/"), {});
  assert.equal(matchPath("/customers", "/customers/1"), null);
  assert.equal(matchPath("/customers/:id", "/customers/"), null);
  assert.equal(matchPath("/x/:name", "/x/%E0%A4%A"), null); // not UTF-8
});

test("filters are added, repeated, emptied and taken away", () => {
  const at = { path: "/sales", query: new URLSearchParams("country=EIRE&from=2011-01-01") };
  assert.equal(withQuery(at, { from: null }), "/sales?country=EIRE");
  assert.equal(withQuery(at, { country: ["EIRE", "France"] }), "/sales?from=2011-01-01&country=EIRE&country=France");
  assert.equal(withQuery(at, { country: [""] }), "/sales?from=2011-01-01&country="); // no country is a country too
  assert.equal(withQuery(at, { from: null, country: [] }), "/sales");
});

test("the server's own addresses, and others' servers, are left to the browser", () => {
  const origin = "http://127.0.0.1:8080";
  assert.equal(isOwn(new URL("/customers/1", origin), origin), true);
  for (const path of [
    "/api/v1/invoices/1/pdf",
    "/docs",
    "/openapi.json",
    "http://elsewhere/customers",
    "//elsewhere/",
  ]) {
    assert.equal(isOwn(new URL(path, origin), origin), false, path);
  }
});

test("every page is found by each of its addresses", () => {
  assert.equal(findPage("/sign-in")?.page.name, "sign-in");
  assert.equal(findPage("/customers/14911")?.page.name, "portal");
  assert.equal(findPage("/customers/14911/orders/536365")?.params.invoice, "536365");
  assert.equal(findPage("/nowhere"), null);
});
