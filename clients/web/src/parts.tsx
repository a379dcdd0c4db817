/** Small parts that all views are made of. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { stateText, visible } from "./text.js";

const SIGNS: Record<string, string> = {
  QUEUED: "◌",
  RUNNING: "▶",
  CANCELLING: "◼",
  ROLLING_BACK: "↶",
  SUCCEEDED: "✓",
  FAILED: "✕",
  CANCELLED: "⊘",
  PARTIALLY_FAILED: "◐",
  ROLLED_BACK: "↺",
  ROLLBACK_FAILED: "⚠",
  CREATED: "●",
  UNCERTAIN: "?",
  UNDO_FAILED: "⚠",
  UNDONE: "○",
  ACTIVE: "✓",
  IMPORTED: "○",
  QUARANTINED: "⚠",
};

/** A state: a sign and a word, so that no one has to tell colours apart. */
export function State({ word }: { word: string }) {
  return (
    <span class={`state ${word.toLowerCase()}`}>
      <span aria-hidden="true">{SIGNS[word] ?? "·"}</span> {stateText(word)}
    </span>
  );
}

const DATES = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A moment: by this machine's clock, in UTC when one points at it. */
export function When({ at }: { at: Date | undefined }) {
  if (!at) return <span class="none">–</span>;
  return (
    <time dateTime={at.toISOString()} title={at.toISOString()}>
      {DATES.format(at)}
    </time>
  );
}

/** Something to copy: the text and a button. */
export function Copy({ text, label = "copy" }: { text: string; label?: string }) {
  const [done, set] = useState(false);
  if (!text) return <span class="none">–</span>;
  return (
    <span class="copy">
      <code>{visible(text)}</code>
      <button
        type="button"
        class="small"
        aria-label={`${label} ${visible(text)}`}
        onClick={() => {
          void navigator.clipboard?.writeText(text).then(() => {
            set(true);
            setTimeout(() => set(false), 1500);
          });
        }}
      >
        {done ? "copied" : "copy"}
      </button>
    </span>
  );
}

/** The heading of a view. It takes the focus when one comes there, so that a reader hears where it is. */
export function Title({ children, document: text }: { children: ComponentChildren; document: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${text} · Wharfinger`;
  }, [text]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** Something that went wrong, with what may be done. */
export function Trouble({ why, onAgain }: { why: string; onAgain?: (() => void) | undefined }) {
  return (
    <div class="trouble" role="alert">
      <p>{visible(why)}</p>
      {onAgain && (
        <button type="button" onClick={onAgain}>
          Ask again
        </button>
      )}
    </div>
  );
}

/** A question over the page, closed by Escape. */
export function Question({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={onClose}>
      <h2 id="question">{title}</h2>
      {children}
    </dialog>
  );
}

/** How far something is; without a total only that it is at work. */
export function Bar({ share, text }: { share: number | undefined; text: string }) {
  return (
    <span class="bar">
      <progress {...(share === undefined ? {} : { value: share, max: 1 })} aria-label={text} />
      <span>{visible(text)}</span>
    </span>
  );
}

/** A table that scrolls sideways where it is too wide; the titles of `numbers` stand above numbers. */
export function Table(props: { label: string; titles: readonly string[]; numbers?: readonly string[]; children: ComponentChildren }) {
  const { label, titles, numbers = [], children } = props;
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {titles.map((title) => (
              <th key={title} scope="col" class={numbers.includes(title) ? "number" : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
