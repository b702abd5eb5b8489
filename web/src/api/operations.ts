// What the API answers about the platform itself: its state, dead letters, runs, the lake, users, SQL.

export interface RoleState {
  role: string;
  pid: number;
  alive: boolean;
  started_at: string | null;
  address: string;
  rate: number; // events a second
  events: number;
  errors: number;
  memory_bytes: number;
  cpu_seconds: number;
  restarts: number | null;
  last_error: string | null;
  last_error_at: string | null;
}

export interface TopicState {
  topic: string;
  partition: number;
  first_offset: number;
  next_offset: number;
  bytes: number;
  last_append_at: string | null;
}

export interface GroupState {
  group: string;
  topic: string;
  partition: number;
  next_offset: number;
  lag: number;
  published_at: string | null;
}

// Figures are exact digits, amounts and counts alike.
export interface Balance {
  name: string;
  known: boolean;
  money: boolean;
  holds: boolean;
  left: string | null;
  right: string | null;
  difference: string | null;
  note: string;
}

export interface Reconciliation {
  run: string;
  holds: boolean | null;
  at: string | null;
  bronze_version: number | null;
  silver_version: number | null;
  gold_version: number | null;
  balances: Balance[];
}

export interface FlowArrow {
  from: string;
  to: string;
  count: number | null;
  name: string;
  behind: number | null; // what has yet to go this way
}

export interface Status {
  taken_at: string;
  roles: RoleState[];
  topics: TopicState[];
  groups: GroupState[];
  store: {
    lines: number;
    invoices: number;
    cancelled_invoices: number;
    customers: number;
    products: number;
    countries: number;
    sales: string;
    cancelled: string;
  } | null;
  lake: { table: string; version: number; rows: number; files: number; bytes: number; at: string | null }[];
  letters: { total: number; open: number; at_most: boolean };
  schedule: { next_run_at: string | null; text: string; last: RunHead | null };
  flow: FlowArrow[];
  reconciliation: Reconciliation | null;
  problems: string[];
}

export type LetterState = "open" | "retried" | "discarded";

export interface Letter {
  id: string; // "0:17": partition and offset
  partition: number;
  offset: number;
  state: LetterState;
  reason: string;
  code: "conflict" | "malformed" | "invalid";
  sink: string;
  origin: { topic: string; partition: number; offset: number };
  at: string;
  invoice_no: string | null;
}

export interface LetterShown extends Letter {
  payload: string | null;
  payload_hex: string | null;
  payload_bytes: number;
  changed: { at: string; user: string | null; action: "retried" | "discarded"; detail: string | null }[];
}

export interface Retried {
  state: LetterState;
  partition: number;
  offset: number;
  event_id: string;
  invoice_no: string;
}

export type RunState = "queued" | "running" | "success" | "failed" | "skipped" | "cancelled" | "timed_out";

export interface RunHead {
  id: string;
  kind: "scheduled" | "manual" | "continuous" | "backfill";
  state: string;
  target: string;
  started_at: string | null;
  ended_at: string | null;
  reason: string | null;
}

export interface RunTask {
  name: string;
  state: string;
  attempts: number;
  failures: number;
  started_at: string | null;
  ended_at: string | null;
  next_attempt_at: string | null;
  exit_status: number | null;
  reason: string | null;
}

export interface Run extends RunHead {
  date: string | null;
  full_refresh: boolean;
  cancel_asked: boolean;
  due_at: string | null;
  from: string | null;
  until: string | null;
  created_at: string;
  tasks: RunTask[];
}

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

export interface LakeTable {
  table: string;
  kind: "table" | "view";
  description: string | null;
  version: number | null;
  rows: number | null;
  files: number | null;
  bytes: number | null;
  at: string | null;
  operation: string | null;
}

export interface LakeColumn {
  name: string;
  type: string;
  nullable: boolean;
  partition: boolean;
  description: string | null;
}

export interface LakeTableShown extends LakeTable {
  columns: LakeColumn[];
  properties: Record<string, string>;
  model: { mode: string; sql: string; reads: string[]; checks: string[] } | null;
}

export interface LakeVersion {
  version: number;
  at: string | null;
  operation: string;
  files_added: number;
  files_removed: number;
  rows_added: number;
  rows_removed: number;
  metrics: Record<string, string>;
}

export interface LakeFile {
  path: string;
  bytes: number;
  rows: number | null;
  partition: Record<string, string | null>;
  at: string | null;
}

export interface QualityResult {
  run: string;
  at: string;
  kind: "check" | "balance";
  model: string;
  name: string;
  holds: boolean;
  broken_rows: number | null;
  left: string | null;
  right: string | null;
  difference: string | null;
  note: string;
}

export interface Model {
  name: string;
  mode: string;
  description: string;
  sql: string;
  reads: string[];
}

export interface User {
  name: string;
  role: string;
  customer_id: number | null;
  has_password: boolean;
  created_at: string | null;
  signed_in_at: string | null;
}

export interface AuditEntry {
  id: number;
  at: string;
  user: string;
  address: string;
  action: string;
  target: string;
  detail: string;
}

export type SqlSource = "lake" | "store";

export interface SchemaTable {
  name: string;
  kind: "table" | "view";
  description: string | null;
  rows: number | null;
  columns: { name: string; type: string; description: string | null }[];
}

export interface Schema {
  sources: { source: SqlSource; tables: SchemaTable[] }[];
}

export type Cell = string | null;

export interface SqlResult {
  columns: { name: string; type: string }[];
  rows: Cell[][];
  rows_total: number | null;
  truncated: boolean;
  ms: number;
}

export interface SqlRun {
  id?: number;
  at: string;
  source: SqlSource;
  sql: string;
  ms: number | null;
  rows: number | null;
  error: string | null;
}

export interface SavedQuery {
  id: number;
  name: string;
  source: SqlSource;
  sql: string;
  updated_at: string | null;
}
