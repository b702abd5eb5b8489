// The panels in their places.
import type { Sales } from "../../api/sales";
import { day } from "../../lib/format";
import { Skeleton } from "../../ui/states";
import { Unhurried } from "../../ui/unhurried";
import { Cancellations } from "./cancellations";
import { Countries } from "./countries";
import { Customers } from "./customers";
import { Hours } from "./hours";
import type { DashboardPanel } from "./panel-props";
import { isComparable } from "./periods";
import { Products } from "./products";
import { SalesOverTime } from "./series";
import { Tiles, TilesSkeleton } from "./tiles";

// With which days, and why no change is told where these are not all there.
function Compared({ data }: { data: Sales }) {
  const { compared, range } = data;
  if (!compared || !range.first) return null;
  const days = `${day(compared.from)} – ${day(compared.to)}`;
  return (
    <p class="small quiet">
      Compared with {days}
      {!isComparable(data) && `; data begins on ${day(range.first)}, so no changes are told`}.
    </p>
  );
}

// What the panels show that is no filter: another choice of the same answer.
export interface Views {
  by: "sales" | "quantity";
  show: "top" | "segments";
  returned: "products" | "customers";
}

export function readViews(query: URLSearchParams): Views {
  return {
    by: query.get("by") === "quantity" ? "quantity" : "sales",
    show: query.get("show") === "segments" ? "segments" : "top",
    returned: query.get("returned") === "customers" ? "customers" : "products",
  };
}

export function Dashboard(props: DashboardPanel & Views) {
  const { data, filters, metrics, search, by, show, returned } = props;
  return (
    <>
      <div class="tiles-room">
        <Tiles
          tiles={data.tiles}
          compare={isComparable(data) ? filters.compare : "none"}
          metrics={metrics}
          search={search}
        />
        <Compared data={data} />
      </div>
      <SalesOverTime {...props} />
      <div class="panels two">
        <Products {...props} by={by} />
        <Customers {...props} show={show} />
      </div>
      <Unhurried class="panels three" answer={data}>
        {() => (
          <>
            <Cancellations {...props} of={returned} />
            <Countries {...props} />
            <Hours {...props} />
          </>
        )}
      </Unhurried>
    </>
  );
}

function PanelSkeleton({ title, height }: { title: string; height: number }) {
  return (
    <section class="panel">
      <header class="panel-head">
        <h2>{title}</h2>
      </header>
      <p class="panel-caption small">
        <Skeleton width={48} />
      </p>
      <div style={{ blockSize: `${height}px` }} />
    </section>
  );
}

// The same places, the same heights: nothing jumps when the figures come.
export function DashboardSkeleton() {
  return (
    <div class="dashboard" aria-busy="true">
      <p class="heard" role="status">
        Loading sales
      </p>
      <TilesSkeleton />
      <PanelSkeleton title="Sales over time" height={288} />
      <div class="panels two">
        <PanelSkeleton title="Top 10 products" height={380} />
        <PanelSkeleton title="Customers" height={440} />
      </div>
      <div class="panels three">
        <PanelSkeleton title="Cancelled orders and returns" height={420} />
        <PanelSkeleton title="By country" height={300} />
        <PanelSkeleton title="By weekday and hour" height={280} />
      </div>
    </div>
  );
}
