import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ApiError, address, call, get, readProblem, setCsrf, whenSignedOut } from "../src/api/client";

interface Sent {
  url: string;
  init: RequestInit;
}

let sent: Sent[] = [];
let answer: () => Response | Promise<Response> = () => Response.json({});

beforeEach(() => {
  sent = [];
  whenSignedOut(() => {});
  globalThis.fetch = async (url, init = {}) => {
    sent.push({ url: String(url), init });
    init.signal?.throwIfAborted();
    return answer();
  };
});

function headers(at: number): Record<string, string> {
  return (sent[at]?.init.headers ?? {}) as Record<string, string>;
}

test("addresses leave out what is empty and repeat what is many", () => {
  assert.equal(
    address("/sales", { from: "2011-01-01", to: "", q: null, country: ["EIRE", ""], limit: 50 }),
    "/api/v1/sales?from=2011-01-01&country=EIRE&country=&limit=50",
  );
  assert.equal(address("/session"), "/api/v1/session");
});

test("the CSRF token goes with what changes something, and only with that", async () => {
  setCsrf("secret");
  answer = () => Response.json({ ok: true });
  await get("/session");
  await call("/session/password", { method: "PUT", body: { new: "x" } });
  assert.equal(headers(0)["x-csrf-token"], undefined);
  assert.equal(headers(1)["x-csrf-token"], "secret");
  assert.equal(headers(1)["content-type"], "application/json");
});

test("an answer without content is nothing", async () => {
  answer = () => new Response(null, { status: 204 });
  assert.equal(await call("/session", { method: "DELETE" }), undefined);
});

test("problems have the server's words, the request's id and when to come back", async () => {
  answer = () =>
    Response.json({ detail: "Too many" }, { status: 429, headers: { "x-request-id": "abc", "retry-after": "7" } });
  await assert.rejects(get("/x"), (problem: ApiError) => {
    assert.deepEqual(
      [problem.status, problem.message, problem.requestId, problem.retryAfter],
      [429, "Too many", "abc", 7],
    );
    return true;
  });
});

test("FastAPI's list names the parameters", () => {
  const { message, fields } = readProblem(422, { detail: [{ type: "x", loc: ["query", "from"], msg: "not a day" }] });
  assert.equal(message, "from: not a day");
  assert.deepEqual(fields, [{ name: "from", problem: "not a day" }]);
});

test("an answer that is no JSON still has words", () => {
  assert.match(readProblem(503, null).message, /busy/);
  assert.match(readProblem(418, "tea").message, /418/);
});

test("a server that is not there is status 0", async () => {
  globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));
  await assert.rejects(get("/x"), (problem: ApiError) => problem instanceof ApiError && problem.status === 0);
});

test("what was aborted is told apart from a failure", async () => {
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(get("/x", {}, abort.signal), (problem: Error) => !(problem instanceof ApiError));
});

test("losing the session is noticed, but not by asking for it or by a wrong password", async () => {
  let lost = 0;
  whenSignedOut(() => {
    lost += 1;
  });
  answer = () => Response.json({ detail: "Sign in" }, { status: 401 });
  await assert.rejects(get("/session"));
  await assert.rejects(call("/session", { method: "POST", body: {} }));
  assert.equal(lost, 0);
  await assert.rejects(get("/customers"));
  assert.equal(lost, 1);
});
