// The editor's inside: CodeMirror in a shadow root, where its styles are adopted style sheets, which the
// strict policy of the page (style-src 'self') allows. A chunk of its own, loaded with the SQL page.
import { autocompletion, type CompletionContext, closeBrackets } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, type Range, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { SchemaTable } from "../../api/operations";
import { suggest } from "./complete";

export interface EditorHandle {
  setText: (text: string) => void;
  insert: (text: string) => void;
  text: () => string;
  selected: () => string; // "" when nothing is
  focus: () => void;
  mark: (position: number | null) => void; // where the engine found a fault
  destroy: () => void;
}

interface Options {
  parent: HTMLElement;
  text: string;
  label: string;
  tables: () => SchemaTable[];
  onRun: () => void;
  onChange: (text: string) => void;
}

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--category-4)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--category-3)" },
  { tag: [tags.comment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: tags.typeName, color: "var(--category-6)" },
]);

const theme = EditorView.theme({
  "&": {
    backgroundColor: "var(--page)",
    color: "var(--text)",
    border: "1px solid var(--edge)",
    borderRadius: "var(--radius)",
    fontSize: "0.875rem",
  },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "1px" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    lineHeight: "1.55",
    minHeight: "8.5em",
    maxHeight: "44vh",
    overflow: "auto",
  },
  ".cm-content, .cm-gutters": { minHeight: "136px" },
  ".cm-content": { caretColor: "var(--text)", padding: "8px 0" },
  ".cm-gutters": {
    backgroundColor: "transparent",
    color: "var(--quiet)",
    border: "none",
    borderRadius: "var(--radius) 0 0 var(--radius)",
  },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--accent-soft)",
  },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--edge)" },
  ".cm-placeholder": { color: "var(--quiet)" },
  ".cm-fault": {
    textDecoration: "underline wavy var(--bad)",
    textDecorationSkipInk: "none",
    backgroundColor: "var(--bad-soft)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--page)",
    color: "var(--text)",
    border: "1px solid var(--edge)",
    borderRadius: "8px",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mono)",
    fontSize: "0.8125rem",
    maxHeight: "16em",
    maxWidth: "min(560px, 90vw)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--text)" },
  ".cm-completionDetail": { fontFamily: "var(--font)", fontStyle: "normal", color: "var(--quiet)", marginLeft: "12px" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
});

const setFault = StateEffect.define<number | null>();

// The word at the position the engine pointed to; gone with the next change.
const fault = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, change) {
    let next = change.docChanged ? Decoration.none : marks;
    for (const effect of change.effects) {
      if (!effect.is(setFault)) continue;
      next = effect.value === null ? Decoration.none : Decoration.set(faultAt(change.state, effect.value));
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function faultAt(state: EditorState, position: number): Range<Decoration>[] {
  const { length } = state.doc;
  if (length === 0) return [];
  const at = Math.max(0, Math.min(position, length - 1));
  const word = state.wordAt(at) ?? { from: at, to: at + 1 };
  return [Decoration.mark({ class: "cm-fault" }).range(word.from, word.to)];
}

// Typing over a selection is done here, not by the browser: that would keep the look of what was there in a style
// attribute, which the page's policy refuses.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== "insertText" || empty || !event.data || view.composing) return false;
    const text = event.data;
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type" });
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert)))
      view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

function complete(tables: () => SchemaTable[]) {
  return (context: CompletionContext) => {
    const word = context.matchBefore(/[\w.]*/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const options = suggest(word.text, context.state.doc.toString(), tables()).map(({ label, kind, detail }) => ({
      label,
      detail,
      type: kind,
      boost: kind === "column" ? 2 : kind === "word" ? -1 : 1,
    }));
    return { from: word.from, options, filter: false };
  };
}

export function openEditor({ parent, text, label, tables, onRun, onChange }: Options): EditorHandle {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([
          {
            key: "Mod-Enter",
            run: () => {
              onRun();
              return true;
            },
          },
          {
            // Tab leaves the editor; Escape closes the list of completions, then leaves too.
            key: "Escape",
            run: ({ contentDOM }) => {
              contentDOM.blur();
              return true;
            },
          },
        ]),
        lineNumbers(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: [complete(tables)], icons: false }),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        sql({ dialect: PostgreSQL }),
        syntaxHighlighting(highlight),
        theme,
        typeOver,
        fault,
        placeholder("SELECT …"),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText: (next) =>
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: next },
        selection: { anchor: next.length },
      }),
    insert: (piece) => {
      view.dispatch(view.state.replaceSelection(piece));
      view.focus();
    },
    text: () => view.state.doc.toString(),
    selected: () => view.state.sliceDoc(view.state.selection.main.from, view.state.selection.main.to),
    focus: () => view.focus(),
    mark: (position) => {
      view.dispatch({
        effects: setFault.of(position),
        ...(position === null
          ? {}
          : { selection: { anchor: Math.min(position, view.state.doc.length) }, scrollIntoView: true }),
      });
    },
    destroy: () => view.destroy(),
  };
}
