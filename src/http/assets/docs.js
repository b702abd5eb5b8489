// SPDX-License-Identifier: Apache-2.0
// Renders /openapi.json: operations, schemas, examples, and a form to try each operation.
// Text from the description only ever becomes text nodes.
"use strict";

const shown_methods = ["get", "post", "put", "delete", "patch"];

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== null && value !== false) {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function resolve(description, item) {
  if (!item || !item.$ref) {
    return item;
  }
  return item.$ref
    .replace("#/", "")
    .split("/")
    .reduce((at, part) => at[part], description);
}

function schema_name(item) {
  return item && item.$ref ? item.$ref.split("/").pop() : null;
}

function schema_link(name) {
  return element("a", { href: `#schema-${name}` }, name);
}

function type_of(description, item) {
  const name = schema_name(item);
  if (name) {
    return schema_link(name);
  }
  const span = element("span", {});
  if (item.oneOf) {
    item.oneOf.forEach((choice, index) => {
      span.append(index > 0 ? " or " : "", type_of(description, choice));
    });
  } else if (item.type === "array") {
    span.append("list of ", item.items ? type_of(description, item.items) : "anything");
  } else if (item.const !== undefined) {
    span.append(JSON.stringify(item.const));
  } else {
    span.append([].concat(item.type || "anything").join(" or "));
  }
  return span;
}

function limits_of(item) {
  const limits = [];
  for (const choice of item.oneOf ? item.oneOf : [item]) {
    if (choice.minLength !== undefined || choice.maxLength !== undefined) {
      limits.push(`${choice.minLength || 0} to ${choice.maxLength} characters`);
    }
    if (choice.minimum !== undefined && choice.maximum !== undefined) {
      limits.push(`${choice.minimum} to ${choice.maximum}`);
    }
  }
  return limits.join("; ");
}

function field_table(description, schema) {
  const required = schema.required || [];
  const rows = Object.entries(schema.properties || {}).map(([name, item]) => {
    const words = [item.description, limits_of(item)].filter(Boolean).join(" \u2014 ");
    return element("tr", {},
      element("th", { scope: "row" }, element("code", {}, name)),
      element("td", {}, type_of(description, item)),
      element("td", {}, required.includes(name) ? "required" : ""),
      element("td", {}, words));
  });
  const heads = ["Field", "Type", "", "Meaning"].map((text) => element("th", { scope: "col" }, text));
  return element("div", { class: "table" },
    element("table", {},
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows)));
}

function pretty(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function example_of(description, content) {
  const named = Object.values(content.examples || {})[0];
  if (named) {
    return named.value;
  }
  const schema = resolve(description, content.schema) || {};
  if (schema.examples) {
    return schema.examples[0];
  }
  if (schema.type === "array" && schema.items) {
    const item = resolve(description, schema.items);
    return item.examples ? [item.examples[0]] : undefined;
  }
  return undefined;
}

function render_schema(description, name, schema) {
  const box = element("details", { class: "schema", id: `schema-${name}` },
    element("summary", {}, name),
    schema.description ? element("p", {}, schema.description) : null,
    field_table(description, schema));
  for (const example of schema.examples || []) {
    box.append(element("pre", {}, pretty(example)));
  }
  return box;
}

function render_parameters(description, parameters) {
  const rows = parameters.map((parameter) => element("tr", {},
    element("th", { scope: "row" }, element("code", {}, parameter.name)),
    element("td", {}, parameter.in),
    element("td", {}, parameter.required ? "required" : ""),
    element("td", {}, parameter.description || "")));
  return element("div", {}, element("h4", {}, "Parameters"),
    element("div", { class: "table" }, element("table", {}, element("tbody", {}, ...rows))));
}

function render_body(description, body) {
  const box = element("div", {}, element("h4", {}, "Body"));
  for (const [type, content] of Object.entries(body.content)) {
    box.append(element("p", {}, element("code", {}, type), " \u2014 ",
      type_of(description, content.schema)));
  }
  return box;
}

function render_answers(description, responses) {
  const box = element("div", {}, element("h4", {}, "Answers"));
  for (const [status, reference] of Object.entries(responses)) {
    const response = resolve(description, reference);
    const parts = [];
    for (const [type, content] of Object.entries(response.content || {})) {
      const example = example_of(description, content);
      parts.push(element("p", {}, element("code", {}, type), " \u2014 ",
        type_of(description, content.schema)));
      if (example !== undefined) {
        parts.push(element("pre", {}, pretty(example)));
      }
    }
    box.append(element("details", { class: "answer" },
      element("summary", {},
        element("span", { class: `status ${status < "400" ? "good" : "bad"}` }, status),
        ` ${response.description}`),
      ...parts));
  }
  return box;
}

function schemes_of(description) {
  return Object.values(description.components.securitySchemes || {});
}

// Whoever is signed in on this site needs the session's token for what changes something.
async function add_session_token(headers) {
  const response = await fetch("/api/v1/session", { cache: "no-store" });
  if (response.ok) {
    headers["X-CSRF-Token"] = (await response.json()).csrf;
  }
}

async function send(operation, form, result, button) {
  const headers = {};
  const options = { method: operation.method.toUpperCase(), headers, cache: "no-store" };
  const key = document.getElementById("key").value.trim();
  const query = new URLSearchParams();
  let path = operation.path;
  for (const field of form.querySelectorAll("[data-place]")) {
    if (field.dataset.place === "path") {
      path = path.replace(`{${field.name}}`, encodeURIComponent(field.value.trim()));
    } else if (field.dataset.place === "query" && field.value !== "") {
      query.append(field.name, field.value);
    } else if (field.dataset.place === "header" && field.value !== "") {
      headers[field.name] = field.value;
    } else if (field.dataset.place === "body") {
      options.body = field.value;
    }
  }
  const type = form.querySelector("[name=content-type]");
  if (type) {
    headers["Content-Type"] = type.value;
  }
  if (key) {
    headers.Authorization = `Bearer ${key}`;
  }
  if (query.size > 0) {
    path += `?${query}`;
  }
  button.disabled = true;
  try {
    if (operation.has_session && options.method !== "GET") {
      await add_session_token(headers);
    }
    const began = performance.now();
    const response = await fetch(path, options);
    const text = await response.text();
    const milliseconds = Math.round(performance.now() - began);
    let shown = text;
    try {
      shown = pretty(JSON.parse(text));
    } catch {
      shown = text;
    }
    result.replaceChildren(
      element("p", {},
        element("span", { class: `status ${response.ok ? "good" : "bad"}` },
          `${response.status} ${response.statusText}`),
        ` in ${milliseconds} ms`),
      element("pre", { tabindex: "0" }, shown));
  } catch (error) {
    result.replaceChildren(element("p", { class: "status bad" },
      `No answer: ${error.message}. Is the server running?`));
  } finally {
    button.disabled = false;
  }
}

function input_for(operation, name, place, example) {
  const id = `try-${operation.id}-${name}`;
  return [element("label", { for: id }, name),
    element("input", { id, name, "data-place": place, spellcheck: "false", autocomplete: "off",
      value: example || "", required: place === "path" })];
}

function body_inputs(description, operation) {
  const types = Object.entries(operation.requestBody.content);
  const type_id = `try-${operation.id}-type`;
  const body_id = `try-${operation.id}-body`;
  const area = element("textarea", { id: body_id, name: "body", "data-place": "body",
    spellcheck: "false" });
  const select = element("select", { id: type_id, name: "content-type" },
    ...types.map(([type]) => element("option", { value: type }, type)));
  area.value = pretty(example_of(description, types[0][1]) || "");
  select.addEventListener("change", () => {
    const example = example_of(description, operation.requestBody.content[select.value]);
    if (example !== undefined) {
      area.value = pretty(example);
    }
  });
  return [element("label", { for: type_id }, "Content-Type"), select,
    element("label", { for: body_id }, "Body"), area];
}

function render_form(description, operation) {
  const button = element("button", { type: "submit" }, "Send");
  const result = element("div", { role: "status", "aria-live": "polite" });
  const fields = (operation.parameters || []).filter((parameter) =>
    parameter.name !== "X-CSRF-Token").flatMap((parameter) =>
    input_for(operation, parameter.name, parameter.in));
  if (operation.requestBody) {
    fields.push(...body_inputs(description, operation));
  }
  const form = element("form", { "aria-label": `Try ${operation.summary}` }, ...fields, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(operation, form, result, button);
  });
  return element("details", {}, element("summary", {}, "Try it"), form, result);
}

function render_operation(description, operation) {
  const article = element("article", { id: operation.id, "aria-labelledby": `${operation.id}-name` },
    element("div", { class: "route" },
      element("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()),
      element("code", {}, operation.path),
      element("h3", { id: `${operation.id}-name` }, operation.summary)),
    operation.description ? element("p", {}, operation.description) : null);
  if (operation.parameters) {
    article.append(render_parameters(description, operation.parameters));
  }
  if (operation.requestBody) {
    article.append(render_body(description, operation.requestBody));
  }
  article.append(render_answers(description, operation.responses));
  article.append(render_form(description, operation));
  return article;
}

// Parameters of a path count for each of its methods; a reference is put in its place.
function parameters_of(description, methods, method) {
  const all = [...(methods.parameters || []), ...(methods[method].parameters || [])];
  return all.length > 0 ? all.map((parameter) => resolve(description, parameter)) : undefined;
}

function operations_of(description) {
  const has_session = schemes_of(description).some((scheme) => scheme.in === "cookie");
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    shown_methods.filter((method) => methods[method]).map((method) =>
      ({ ...methods[method], parameters: parameters_of(description, methods, method), method, path,
        has_session, id: methods[method].operationId })));
}

function render(description) {
  const operations = operations_of(description);
  const contents = document.getElementById("contents");
  const place = document.getElementById("operations");
  document.title = description.info.title;
  document.getElementById("key-section").hidden =
    !schemes_of(description).some((scheme) => scheme.type === "http" || scheme.in === "header");
  document.getElementById("title").textContent = description.info.title;
  document.getElementById("summary").textContent = description.info.summary || "";
  document.getElementById("introduction").textContent = description.info.description || "";
  place.replaceChildren();
  for (const tag of description.tags) {
    const tagged = operations.filter((operation) => operation.tags.includes(tag.name));
    place.append(element("h2", {}, tag.name), element("p", { class: "quiet" }, tag.description),
      ...tagged.map((operation) => render_operation(description, operation)));
    contents.append(element("h2", {}, tag.name),
      element("ul", {}, ...tagged.map((operation) => element("li", {},
        element("a", { href: `#${operation.id}` }, operation.summary)))));
  }
  const schemas = document.getElementById("schemas");
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    schemas.append(render_schema(description, name, schema));
  }
  schemas.hidden = false;
}

function open_target() {
  const target = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
  }
}

async function start() {
  const state = document.getElementById("state");
  try {
    const response = await fetch("/openapi.json", { cache: "no-store" });
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    render(await response.json());
    open_target();
  } catch (error) {
    state.textContent = `The description could not be loaded: ${error.message}. Reload the page.`;
  }
}

window.addEventListener("hashchange", open_target);
start();
