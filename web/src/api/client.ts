// The one way to the server: same-origin JSON with the session's cookie and CSRF token. Caching is the
// browser's (ETag); problems come out as ApiError with words for people and the request's id for the log.

export type Query = Record<string, string | number | boolean | string[] | null | undefined>;

interface Field {
  name: string;
  problem: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: the server was not reached
    message: string,
    readonly requestId: string | null = null,
    readonly fields: Field[] = [],
    readonly retryAfter: number | null = null, // seconds
    readonly body: unknown = null, // all that the server said
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export const base = "/api/v1";

let csrf = "";
let onSignedOut: () => void = () => {};

export function setCsrf(token: string): void {
  csrf = token;
}

// Called when the server no longer knows our session.
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

// `path` with a query; what is empty is left out.
export function withSearch(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) search.append(name, one);
    else if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return path + (text ? `?${text}` : "");
}

// For links: where the browser itself fetches (CSV, PDF).
export function address(path: string, query: Query = {}): string {
  return base + withSearch(path, query);
}

const words: Record<number, string> = {
  0: "The server cannot be reached.",
  401: "You are signed out.",
  403: "You may not see this.",
  404: "There is no such thing here.",
  413: "That is too large.",
  429: "Too many attempts.",
  503: "The server is busy.",
  504: "The question took too long to answer.",
};

// FastAPI's shapes: {"detail": "text"} or {"detail": [{"loc": […], "msg": "text"}]}.
export function readProblem(status: number, body: unknown): { message: string; fields: Field[] } {
  const detail = typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined;
  if (typeof detail === "string" && detail !== "") return { message: detail, fields: [] };
  if (Array.isArray(detail)) {
    const fields = detail.map((entry: { loc?: unknown[]; msg?: string }) => ({
      name: String(entry.loc?.at(-1) ?? ""),
      problem: entry.msg ?? "",
    }));
    return { message: fields.map((field) => `${field.name}: ${field.problem}`).join("; "), fields };
  }
  return { message: words[status] ?? `The server answered ${status}.`, fields: [] };
}

interface Options {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  query?: Query;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

async function toError(answer: Response): Promise<ApiError> {
  const body: unknown = await answer.json().catch(() => null);
  const { message, fields } = readProblem(answer.status, body);
  const retryAfter = Number(answer.headers.get("retry-after")) || null;
  return new ApiError(answer.status, message, answer.headers.get("x-request-id"), fields, retryAfter, body);
}

async function send(path: string, { method = "GET", query, body, signal }: Options): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") headers["x-csrf-token"] = csrf;
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer: Response;
  try {
    const content = body === undefined ? null : JSON.stringify(body);
    answer = await fetch(address(path, query), { method, headers, body: content, signal: signal ?? null });
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw new ApiError(0, words[0] ?? "");
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && path !== "/session" && path !== "/session/link") onSignedOut();
  throw await toError(answer);
}

export async function call<T>(path: string, options: Options = {}): Promise<T> {
  const answer = await send(path, options);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return call<T>(path, { query: query ?? {}, signal });
}

export async function callText(path: string, options: Options = {}): Promise<string> {
  return (await send(path, options)).text();
}

export function getText(path: string, query?: Query, signal?: AbortSignal): Promise<string> {
  return callText(path, { query: query ?? {}, signal });
}
