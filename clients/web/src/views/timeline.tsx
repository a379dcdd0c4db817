/** When what happened: attempts, and below them each thing from its intent to its last change. */
import { entryState, type LedgerEntry, type Task } from "@wharfinger/client/web";
import { date } from "../dates.js";
import { visible } from "../text.js";

const MOST = 200;

interface Span {
  readonly name: string;
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly state: string;
}

export function Timeline({ task, entries }: { task: Task; entries: readonly LedgerEntry[] }) {
  const now = Date.now();
  const spans: Span[] = [
    ...task.attempts.flatMap((attempt) => {
      const from = date(attempt.startTime)?.getTime();
      if (from === undefined) return [];
      const name = `attempt ${attempt.epoch}`;
      return [{ name, what: name, from, to: date(attempt.endTime)?.getTime() ?? now, state: "attempt" }];
    }),
    ...entries.slice(0, MOST).flatMap((entry) => {
      const from = date(entry.intentTime)?.getTime();
      if (from === undefined) return [];
      const what = entry.step ? `${entry.key} (${entry.step})` : entry.key;
      return [{ name: entry.key, what, from, to: date(entry.updateTime)?.getTime() ?? now, state: entryState(entry.state).toLowerCase() }];
    }),
  ];
  if (spans.length === 0) return null;
  const begin = Math.min(...spans.map((span) => span.from));
  const length = Math.max(1, Math.max(...spans.map((span) => span.to)) - begin);
  return (
    <section aria-label="Timeline">
      <h2>Timeline</h2>
      <ol class="timeline">
        {spans.map((span, index) => (
          <li key={index}>
            <span class="name">{visible(span.what)}</span>
            <span class="lane">
              <span
                class={`span ${span.state}`}
                style={{ insetInlineStart: `${((span.from - begin) / length) * 100}%`, inlineSize: `${((span.to - span.from) / length) * 100}%` }}
              />
            </span>
            <span class="took">
              {((span.from - begin) / 1000).toFixed(1)} s + {((span.to - span.from) / 1000).toFixed(1)} s
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
