// The editor in the page: loads CodeMirror when first shown; until then, and where that fails, a plain text area
// with the same keys.
import { useEffect, useRef, useState } from "preact/hooks";
import type { SchemaTable } from "../../api/operations";
import type { EditorHandle } from "./editor";

interface Props {
  text: string; // of the beginning
  tables: SchemaTable[];
  onRun: () => void;
  onChange: (text: string) => void;
  onReady: (handle: EditorHandle) => void;
}

const label = "Query";

// The plain text area as an editor, for as long as there is no other.
function plainHandle(area: HTMLTextAreaElement, onChange: (text: string) => void): EditorHandle {
  return {
    setText: (text) => {
      area.value = text;
      onChange(text);
    },
    insert: (text) => {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      onChange(area.value);
      area.focus();
    },
    text: () => area.value,
    selected: () => area.value.slice(area.selectionStart, area.selectionEnd),
    focus: () => area.focus(),
    mark: (position) => {
      if (position !== null) area.setSelectionRange(position, position + 1);
    },
    destroy: () => undefined,
  };
}

export function EditorBox({ text, tables, onRun, onChange, onReady }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const [rich, setRich] = useState(false);
  const latest = useRef({ tables, onRun, onChange });
  latest.current = { tables, onRun, onChange };

  useEffect(() => {
    let handle: EditorHandle | undefined;
    let gone = false;
    if (area.current) onReady(plainHandle(area.current, (next) => latest.current.onChange(next)));
    import("./editor").then(
      ({ openEditor }) => {
        if (gone || !parent.current) return;
        handle = openEditor({
          parent: parent.current,
          text: area.current?.value ?? text,
          label,
          tables: () => latest.current.tables,
          onRun: () => latest.current.onRun(),
          onChange: (next) => latest.current.onChange(next),
        });
        const focused = document.activeElement === area.current;
        setRich(true);
        onReady(handle);
        if (focused) handle.focus();
      },
      () => undefined, // the text area stays
    );
    return () => {
      gone = true;
      handle?.destroy();
    };
  }, []);

  return (
    <div class="editor">
      <div ref={parent} hidden={!rich} />
      {!rich && (
        <textarea
          class="input code-area"
          aria-label={label}
          rows={8}
          spellcheck={false}
          autoCapitalize="none"
          ref={area}
          defaultValue={text}
          onInput={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            onRun();
          }}
        />
      )}
    </div>
  );
}
