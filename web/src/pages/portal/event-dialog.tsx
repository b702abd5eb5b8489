// The raw event behind a line, and the receipt of its arrival.
import type { ReceivedEvent } from "../../api/types";
import { instant } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { Dialog } from "../../ui/dialog";
import { Loaded, Skeleton } from "../../ui/states";

export function EventDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const event = useResource<ReceivedEvent>(`/events/${encodeURIComponent(id)}`, { keepFormer: false });
  return (
    <Dialog title="Event" onClose={onClose}>
      <Loaded
        of={event}
        what="the event"
        missing="This event is not in the log any more"
        skeleton={<Skeleton width={30} />}
      >
        {({ event: raw, receipt }) => (
          <>
            <dl class="facts">
              <dt>Id</dt>
              <dd>
                <code>{id}</code>
              </dd>
              <dt>Arrived</dt>
              <dd>{receipt.ingested_at ? instant(receipt.ingested_at) : "not known"}</dd>
              <dt>In the log</dt>
              <dd>
                partition {receipt.partition}, offset {receipt.offset}
              </dd>
            </dl>
            {raw ? (
              <pre class="code">{JSON.stringify(raw, null, 2)}</pre>
            ) : (
              <p class="quiet">The log has dropped it: its retention is over. What it said is in the lines.</p>
            )}
          </>
        )}
      </Loaded>
    </Dialog>
  );
}
