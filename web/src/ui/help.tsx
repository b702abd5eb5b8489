import { helpOpen, pageKeys } from "../lib/keys";
import { sectionsFor } from "../pages/registry";
import { session } from "../state/session";
import { Dialog } from "./dialog";

export function KeysHelp() {
  const here = session.value;
  if (!helpOpen.value || !here) return null;
  const keys: [string[], string][] = [
    [["?"], "List the keys"],
    [["/"], "Search on this page"],
    ...sectionsFor(here).map((section): [string[], string] => [["g", section.key], `Go to ${section.label}`]),
    [["↑", "↓"], "Move through the rows of a table"],
    [["Enter"], "Open the row"],
    [["Esc"], "Close what is open"],
    ...pageKeys.value.map(({ key, meaning }): [string[], string] => [[key], meaning]),
  ];
  return (
    <Dialog title="Keys" onClose={() => (helpOpen.value = false)}>
      <dl class="keys">
        {keys.map(([names, meaning]) => (
          <div key={meaning}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
