// Asks Microsoft's validator of Power BI reports: powerbi_report.mjs TOOLS_FOLDER REPORT_FOLDER. A breach a line.
// It knows each visual's roles and each file's place; the JSON schemas themselves it would fetch, so they are left out.
import { pathToFileURL } from "node:url";

const [tools, folder] = process.argv.slice(2);
const library = pathToFileURL(`${tools}/node_modules/@microsoft/powerbi-report-authoring-cli/dist/index.js`);
const { getMetadataProvider, locateReport, runReportValidation } = await import(library.href);
const found = locateReport(folder);
const said = await runReportValidation({ ...found, provider: await getMetadataProvider(), skipSchema: true });
for (const [code, { severity, items }] of Object.entries(said.diagnostics)) {
  for (const item of items) console.log(`${severity} ${code}: ${JSON.stringify(item)}`);
}
if (said.result !== "succeeded") console.log(`the report is not valid: ${said.result}`);
process.exitCode = said.result === "succeeded" && said.warningCount === 0 ? 0 : 1;
