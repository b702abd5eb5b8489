// Every page of the app: its addresses, who may see it, its code (loaded when first visited).
// To add one: a row here, a folder beside this file, its styles imported in styles/main.css.
import type { ComponentType } from "preact";
import type { Role, Session } from "../api/types";
import { matchPath, type Params } from "../lib/router";

export interface PageProps {
  params: Params;
}

export interface PageRow {
  name: string;
  title: string;
  paths: string[]; // all shown by one component, which stays while the address moves between them
  roles: Role[]; // empty: anybody, signed in or not
  load: () => Promise<{ default: ComponentType<PageProps> }>;
}

export const everybody: Role[] = ["customer", "analyst", "operator"];
export const staff: Role[] = ["analyst", "operator"];

export const pages: PageRow[] = [
  { name: "sign-in", title: "Sign in", paths: ["/sign-in"], roles: [], load: () => import("./sign-in/page") },
  {
    name: "sales",
    title: "Sales",
    paths: ["/sales", "/sales/:list", "/sales/:list/:invoice"],
    roles: staff,
    load: () => import("./sales/page"),
  },
  {
    name: "customers",
    title: "Customers",
    paths: ["/customers"],
    roles: staff,
    load: () => import("./customers/page"),
  },
  {
    name: "portal",
    title: "Orders",
    paths: ["/customers/:customer", "/customers/:customer/returned", "/customers/:customer/orders/:invoice"],
    roles: everybody,
    load: () => import("./portal/page"),
  },
  {
    name: "invoice",
    title: "Invoice",
    paths: ["/invoices/:invoice"],
    roles: everybody,
    load: () => import("./invoice/page"),
  },
  {
    name: "operations",
    title: "Operations",
    paths: [
      "/operations",
      "/operations/letters",
      "/operations/letters/:letter",
      "/operations/runs",
      "/operations/runs/:run",
      "/operations/lake",
      "/operations/lake/:layer/:table",
      "/operations/lineage",
      "/operations/quality",
      "/operations/users",
      "/operations/audit",
    ],
    roles: staff,
    load: () => import("./operations/page"),
  },
  { name: "sql", title: "SQL", paths: ["/sql"], roles: staff, load: () => import("./sql/page") },
];

export interface Section {
  label: string;
  key: string; // `g` then this key
  prefix: string;
  href: (session: Session) => string;
  roles: Role[];
}

export const sections: Section[] = [
  {
    label: "Orders",
    key: "c",
    prefix: "/customers",
    href: ({ user }) => `/customers/${user.customer_id ?? ""}`,
    roles: ["customer"],
  },
  { label: "Sales", key: "s", prefix: "/sales", href: () => "/sales", roles: staff },
  { label: "Customers", key: "c", prefix: "/customers", href: () => "/customers", roles: staff },
  { label: "Operations", key: "o", prefix: "/operations", href: () => "/operations", roles: staff },
  { label: "SQL", key: "q", prefix: "/sql", href: () => "/sql", roles: staff },
];

export function findPage(path: string): { page: PageRow; params: Params } | null {
  for (const page of pages) {
    for (const pattern of page.paths) {
      const params = matchPath(pattern, path);
      if (params) return { page, params };
    }
  }
  return null;
}

export function sectionsFor(session: Session): Section[] {
  return sections.filter((section) => section.roles.includes(session.user.role));
}

export function home(session: Session): string {
  return sectionsFor(session)[0]?.href(session) ?? "/";
}
