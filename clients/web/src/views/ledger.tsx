/** What a task made: grouped by what is known of it, or as the tree of what stands on what. */
import { entryState, type LedgerEntry, type LeftoverCost } from "@wharfinger/client/web";
import { useState } from "preact/hooks";
import { costText } from "../money.js";
import { Copy, State } from "../parts.js";
import { entryId } from "../story.js";
import { count, visible } from "../text.js";

const ORDER = ["UNCERTAIN", "UNDO_FAILED", "INTENDED", "UNDOING", "CREATED", "MISSING", "RETAINED", "UNDONE", "NOT_CREATED", "FORGOTTEN"];
const WORDS: Record<string, string> = {
  UNCERTAIN: "nobody can tell whether it exists",
  UNDO_FAILED: "it exists, and undoing it failed",
  INTENDED: "its making is under way",
  UNDOING: "it is being undone",
  CREATED: "it exists",
  MISSING: "it existed, and was gone when it was looked for",
  RETAINED: "it exists, and is no longer the task's",
  UNDONE: "it is gone",
  NOT_CREATED: "it was surely not made",
  FORGOTTEN: "the task need not care any more",
};
const MOST = 500;

export function Ledger({ entries, cost }: { entries: readonly LedgerEntry[]; cost: LeftoverCost | undefined }) {
  const [tree, set] = useState(false);
  return (
    <section aria-label="Ledger">
      <h2>Ledger</h2>
      {entries.length === 0 ? (
        <p class="none">It has made nothing.</p>
      ) : (
        <>
          <p>
            {count(entries.length, "entry").replace("entrys", "entries")}; cost of what is left over: {costText(cost)}.{" "}
            <label class="switch">
              <input type="checkbox" checked={tree} onChange={(event) => set(event.currentTarget.checked)} /> as a tree of what stands on what
            </label>
          </p>
          {tree ? <Table title="All entries" rows={asTree(entries)} /> : <Groups entries={entries} />}
        </>
      )}
    </section>
  );
}

function Groups({ entries }: { entries: readonly LedgerEntry[] }) {
  const groups = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const word = entryState(entry.state);
    groups.set(word, [...(groups.get(word) ?? []), entry]);
  }
  const words = [...groups.keys()].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  return (
    <>
      {words.map((word) => {
        const rows = groups.get(word) ?? [];
        return (
          <details key={word} open={!["UNDONE", "NOT_CREATED", "FORGOTTEN"].includes(word) || words.length === 1}>
            <summary>
              <State word={word} /> ({rows.length}): {WORDS[word] ?? "a state that this page does not know"}
            </summary>
            <Table title={word} rows={rows.map((entry) => [entry, 0] as const)} />
          </details>
        );
      })}
    </>
  );
}

function asTree(entries: readonly LedgerEntry[]): (readonly [LedgerEntry, number])[] {
  const depths = new Map<string, number>();
  const told: (readonly [LedgerEntry, number])[] = [];
  // What an entry stands on was intended before it, so one pass is enough.
  for (const entry of entries) {
    const depth = entry.dependsOn.reduce((most, key) => Math.max(most, (depths.get(key) ?? -1) + 1), 0);
    depths.set(entry.key, depth);
    told.push([entry, depth]);
  }
  return told;
}

function Table({ title, rows }: { title: string; rows: readonly (readonly [LedgerEntry, number])[] }) {
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={title}>
      <table>
        <thead>
          <tr>
            {["Key", "Type", "State", "Id at the provider", "Where", "An hour"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map(([entry, depth]) => (
            <tr key={entryId(entry)}>
              <td style={{ paddingInlineStart: `${0.6 + depth * 1.2}em` }}>
                <code>{visible(entry.key)}</code>
                {!entry.owned && <span class="none"> (not the task's)</span>}
                {entry.failure && <p class="why">{visible(entry.failure.message)}</p>}
                {entry.blockedBy && <p class="why">in the way: {visible(entry.blockedBy)}</p>}
              </td>
              <td>{visible(entry.type)}</td>
              <td>
                <State word={entryState(entry.state)} />
              </td>
              <td>
                <Copy text={entry.externalId} />
              </td>
              <td>{visible([entry.profile, entry.region].filter(Boolean).join(" · ")) || <span class="none">–</span>}</td>
              <td class="number">{entry.hourly ? `${entry.hourly.amount} ${entry.hourly.currencyCode}` : <span class="none">unknown</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST && (
        <p>
          {rows.length - MOST} more: <code>wharfinger ledger</code> lists all.
        </p>
      )}
    </div>
  );
}
