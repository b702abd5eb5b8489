// What the API answers about the platform itself: its state, dead letters, runs, the lake, users, SQL. Generated
// from the server's own document (openapi.d.ts); here they get the app's names. Only what the pipeline keeps as
// it is, the report of a task, has no schema there.
import type { components, paths } from "./openapi";

type Schemas = components["schemas"];
type Answer<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;
type Item<Path extends keyof paths> = Answer<Path, "get"> extends { items: (infer One)[] } ? One : never;

export type RoleState = Schemas["RoleState"];
export type TopicState = Schemas["TopicState"];
export type GroupState = Schemas["GroupState"];
export type Balance = Schemas["Balance"];
export type Reconciliation = Schemas["Reconciliation"];
export type FlowArrow = Schemas["FlowArrow"];
export type Status = Schemas["PlatformStatus"];

export type Letter = Schemas["Letter"];
export type LetterState = Letter["state"];
export type LetterShown = Schemas["LetterShown"];
export type Retried = Answer<"/api/v1/ops/letters/{id}/retry", "post">;

export type RunHead = Schemas["RunHead"];
export type RunTask = Schemas["RunTask"];
export type Run = Schemas["Run"];

export type LakeTable = Schemas["LakeTable"];
export type LakeTableShown = Schemas["LakeTableShown"];
export type LakeColumn = LakeTableShown["columns"][number];
export type LakeVersion = Item<"/api/v1/ops/tables/{layer}/{name}/history">;
export type LakeFile = Item<"/api/v1/ops/tables/{layer}/{name}/files">;
export type QualityResult = Item<"/api/v1/ops/quality">;
export type Model = Answer<"/api/v1/ops/lineage", "get">["models"][number];

export type User = Schemas["User"];
export type AuditEntry = Schemas["AuditEntry"];

export type Schema = Answer<"/api/v1/sql/schema", "get">;
export type SqlSource = Schema["sources"][number]["source"];
export type SchemaTable = Schema["sources"][number]["tables"][number];
export type SqlResult = Answer<"/api/v1/sql", "post">;
export type Cell = SqlResult["rows"][number][number];
export type SqlRun = Schemas["SqlRun"];
export type SavedQuery = Schemas["SavedQuery"];

export interface ModelReport {
  model: string;
  mode: string;
  state: string;
  message: string;
  full: boolean;
  rows_read: number;
  rows_new: number;
  rows_changed: number;
  rows_known: number;
  rows: number;
  files_added: number;
  files_removed: number;
  bytes_added: number;
  version: number | null;
  seconds: number;
  checks: { check: string; rows: number; sample: string }[];
}

export interface TaskReport {
  run: string;
  status: string;
  seconds: number;
  done: number;
  skipped: number;
  failed: number;
  blocked: number;
  models: ModelReport[];
  reconciliation: { holds: boolean; balances: ReportBalance[] } | null;
}

// In a report the figures are numbers as they were kept.
export type ReportBalance = Omit<Balance, "left" | "right" | "difference"> & {
  left: number | string | null;
  right: number | string | null;
  difference: number | string | null;
};
