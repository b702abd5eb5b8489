// Operations: one address for each part, the same head above all. An analyst sees runs, the lake and its quality.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { navigate, place } from "../../lib/router";
import { role } from "../../state/session";
import { PageTabs } from "../../ui/page-tabs";
import { Forbidden } from "../../ui/states";
import type { PageProps } from "../registry";
import { Audit } from "./audit";
import { Lake } from "./lake";
import { Letters } from "./letters";
import { Lineage } from "./lineage";
import { Overview } from "./overview";
import { Quality } from "./quality";
import { Runs } from "./runs";
import { Users } from "./users";

interface Part {
  path: string;
  label: string;
  operator?: boolean; // only for operators
  show: (params: PageProps["params"]) => ComponentChildren;
}

const parts: Part[] = [
  { path: "/operations", label: "Overview", operator: true, show: () => <Overview /> },
  {
    path: "/operations/letters",
    label: "Dead letters",
    operator: true,
    show: ({ letter }) => <Letters open={letter ?? null} />,
  },
  { path: "/operations/runs", label: "Runs", show: ({ run }) => <Runs open={run ?? null} /> },
  {
    path: "/operations/lake",
    label: "Lake",
    show: ({ layer, table }) => <Lake open={layer && table ? `${layer}.${table}` : null} />,
  },
  { path: "/operations/lineage", label: "Lineage", show: () => <Lineage /> },
  { path: "/operations/quality", label: "Quality", show: () => <Quality /> },
  { path: "/operations/users", label: "Users", operator: true, show: () => <Users /> },
  { path: "/operations/audit", label: "Audit log", operator: true, show: () => <Audit /> },
];

function partAt(path: string): Part | undefined {
  return parts.find((part) => path === part.path || (part !== parts[0] && path.startsWith(`${part.path}/`)));
}

export default function Operations({ params }: PageProps) {
  const { path } = place.value;
  const operator = role.value === "operator";
  const elsewhere = !operator && path === "/operations";
  useEffect(() => {
    if (elsewhere) navigate("/operations/runs", { replace: true });
  }, [elsewhere]);
  const part = partAt(path);
  if (elsewhere) return null;
  return (
    <div class="page">
      <header class="list-head">
        <h1>Operations</h1>
        <PageTabs
          label="Operations"
          pages={parts
            .filter((one) => operator || !one.operator)
            .map((one) => ({ href: one.path, label: one.label, current: one === part }))}
        />
      </header>
      {!part || (part.operator && !operator) ? <Forbidden /> : part.show(params)}
    </div>
  );
}
