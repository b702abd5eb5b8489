// A real platform for the browser to talk to: started on a folder of its own, filled with the real file (or
// made-up events where that is not here), with a user of each role.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const program = resolve(process.env.TEST_PROGRAM ?? "build/test/millrace");
const realFile = [process.env.REAL_DATA, resolve("../shared/data/online-retail.csv.xz")].find((path) => path && existsSync(path));
const generatedEvents = "60000";
const generatedDays = "340"; // as the real file: so that months are what is looked at first

const settings = (folder) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MILLRACE_"))),
  MILLRACE_DATA: join(folder, "data"),
  MILLRACE_GATEWAY: "127.0.0.1:0",
  MILLRACE_WEB: "127.0.0.1:0",
});

async function writeEvents(folder, command) {
  const events = join(folder, "events.ndjson");
  if (!realFile) {
    await command("generate", "--events", generatedEvents, "--days", generatedDays, "--seed", "1", "-o", events);
    return events;
  }
  const csv = join(folder, "online-retail.csv");
  if (!realFile.endsWith(".xz")) {
    await copyFile(realFile, csv);
    return csv;
  }
  const { stdout } = await run("xz", ["-dc", realFile], { maxBuffer: 1 << 28 });
  await writeFile(csv, stdout);
  return csv;
}

// A session by the user's one-time link, as the browser would get it: its cookie, and a password set.
async function enter(url, token, password) {
  const headers = { "content-type": "application/json", origin: url };
  const answer = await fetch(`${url}/api/v1/session/link`, { method: "POST", headers, body: JSON.stringify({ token }) });
  if (!answer.ok) throw new Error(`signing in by link: ${answer.status} ${await answer.text()}`);
  const [pair] = answer.headers.get("set-cookie").split(";");
  const [name, value] = pair.split("=");
  const { csrf } = await answer.json();
  const changed = await fetch(`${url}/api/v1/session/password`, {
    method: "PUT",
    headers: { ...headers, cookie: pair, "x-csrf-token": csrf },
    body: JSON.stringify({ new: password }),
  });
  if (changed.status !== 204) throw new Error(`setting a password: ${changed.status} ${await changed.text()}`);
  return { name, value, url };
}

function linkIn(text) {
  return /#token=(\S+)/.exec(text)[1];
}

export class Platform {
  static async start() {
    const folder = await mkdtemp(join(tmpdir(), "millrace-browser-"));
    const platform = new Platform(folder);
    try {
      await platform.#begin();
    } catch (error) {
      await platform.stop();
      throw error;
    }
    return platform;
  }

  constructor(folder) {
    this.folder = folder;
    this.environment = settings(folder);
    this.real = realFile !== undefined;
    this.cookies = {}; // of each role
    this.passwords = {};
    this.customer = 14911;
  }

  // Runs the program; returns what it printed.
  command = async (...words) => {
    const { stdout } = await run(program, words, { env: this.environment, cwd: this.folder, maxBuffer: 1 << 26 });
    return stdout;
  };

  async #begin() {
    await this.command("up", "--detach");
    const { roles } = JSON.parse(await this.command("status", "--json"));
    const address = (role) => roles.find((one) => one.role === role && one.alive).address;
    this.url = `http://${address("web")}`;
    this.environment.MILLRACE_URL = `http://${address("gateway")}`;
    await this.command("post", await writeEvents(this.folder, this.command));
    await this.command("status", "--wait", "120s");
    await this.command("runs", "trigger", "all", "--wait"); // by the scheduler: it is in the history
    if (!this.real) {
      const { customers } = JSON.parse(await this.command("customer", "--top", "50", "--json"));
      this.customer = customers.find(({ cancellations }) => cancellations > 0).customer_id;
    }
    for (const role of ["customer", "analyst"]) await this.#enter(role, await this.link(role, role));
    await this.#enter("operator", linkIn(await this.command("user", "link", "operator"))); // the first start made this one
  }

  // The token of the link that the program prints for a new user.
  async link(name, role) {
    const customer = role === "customer" ? ["--customer", String(this.customer)] : [];
    return linkIn(await this.command("user", "add", name, "--role", role, ...customer, "--link"));
  }

  async #enter(name, token) {
    this.passwords[name] = `${name} walks in`;
    this.cookies[name] = await enter(this.url, token, this.passwords[name]);
  }

  // What the API answers to a role.
  async ask(role, path) {
    const { name, value } = this.cookies[role];
    const answer = await fetch(`${this.url}/api/v1${path}`, { headers: { cookie: `${name}=${value}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  // Two lines with one EventID: the first stays, the second is a dead letter. Returns the letter's id.
  async makeLetter(invoice) {
    for (const Quantity of [6, 7]) {
      const event = {
        InvoiceNo: invoice,
        EventID: "line-1",
        StockCode: "85123A",
        Description: "WHITE HANGING HEART",
        Quantity,
        InvoiceDate: "01/12/2010 08:26",
        UnitPrice: 2.55,
        Country: "United Kingdom",
      };
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${this.environment.MILLRACE_URL}/invoicedata`, { method: "POST", headers, body: JSON.stringify(event) });
      if (answer.status !== 201) throw new Error(`posting an event: ${answer.status} ${await answer.text()}`);
    }
    await this.command("status", "--wait", "60s");
    const { items } = await this.ask("operator", "/ops/letters?state=open");
    return items.find((letter) => letter.reason.includes(invoice)).id;
  }

  async stop() {
    await this.command("down").catch((error) => console.error(`stopping the platform: ${error.message}`));
    await rm(this.folder, { recursive: true, force: true });
  }
}
