import { setQuery } from "../../lib/router";
import { FilteredEmpty } from "../../ui/states";
import { cleared } from "./filters";

// A panel that the filters leave nothing for.
export function NothingHere({ title = "Nothing here for these filters" }: { title?: string }) {
  return <FilteredEmpty title={title} onClear={() => setQuery(cleared, { step: true })} />;
}
