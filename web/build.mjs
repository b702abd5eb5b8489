// Bundles the app: node web/build.mjs FOLDER. Names carry the hash of what is inside, so that they may be
// cached for ever; pages and charts are chunks of their own. The shell has no inline script or style (CSP).
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? "dist");

await rm(out, { recursive: true, force: true });
await mkdir(join(out, "assets"), { recursive: true });
const { metafile } = await build({
  absWorkingDir: web,
  entryPoints: ["src/main.tsx"],
  outdir: join(out, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  metafile: true,
  logLevel: "warning",
});

const [script, entry] = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === "src/main.tsx");
const address = (path) => `/${relative(out, resolve(web, path))}`;
const preloads = entry.imports
  .filter((used) => used.kind === "import-statement")
  .map((used) => `<link rel="modulepreload" href="${address(used.path)}">`);
const shell = await readFile(join(web, "index.html"), "utf8");
await writeFile(
  join(out, "index.html"),
  shell
    .replace("<!-- preloads -->", preloads.join("\n    "))
    .replace("/main.js", address(script))
    .replace("/main.css", address(entry.cssBundle)),
);
await cp(join(web, "static"), join(out, "assets"), { recursive: true });
