import type { LeftBehind } from "./errors.js";
import type { Failure, LedgerEntry, Task } from "./gen/index.js";
import { entryState, taskState } from "./words.js";

// An error's text is for a log: beyond so many lines it says how many more there are.
const SHOWN = 20;

/** Returns why something failed, in a sentence. */
export function reasonText(failure: Failure | undefined): string {
  if (failure === undefined) return "no reason was given";
  return failure.reason ? `${failure.message} [${failure.reason}]` : failure.message;
}

/** Returns a half-done task in words: what exists, what is uncertain, what was never begun, and what can be done. */
export function halfDone(task: Task, left: LeftBehind): string {
  const step = left.failedStep && ` in step ${left.failedStep}`;
  const lines = [`${task.name} (${task.script}) is ${taskState(task.state)}${step}: ${reasonText(task.failure)}`];
  if (task.rollbackFailure) lines.push(`  its rollback stopped: ${reasonText(task.rollbackFailure)}`);
  lines.push(...listed("exists", left.created.map(entryText)));
  lines.push(...listed("uncertain", left.uncertain.map(entryText)));
  if (left.notAttempted.length) lines.push(`  never begun: ${left.notAttempted.slice(0, SHOWN).join(", ")}`);
  const hourly = left.cost?.knownHourly.map(({ amount, currencyCode }) => `${amount} ${currencyCode}`) ?? [];
  if (hourly.length)
    lines.push(
      `  costs by the hour: ${hourly.join(", ")}${left.cost?.unpriced ? ", and what has no known price" : ""}`,
    );
  lines.push(
    `  what can be done: ${left.allowedActions.join(", ") || "check what may exist, and remove by hand what must not stay"}`,
  );
  return lines.join("\n");
}

function listed(word: string, texts: string[]): string[] {
  const lines = texts.slice(0, SHOWN).map((text) => `  ${word}: ${text}`);
  return texts.length > SHOWN ? [...lines, `  ${word}: ${texts.length - SHOWN} more`] : lines;
}

function entryText({ key, type, externalId, state, failure }: LedgerEntry): string {
  const why = failure ? `: ${reasonText(failure)}` : "";
  return `${key} (${type}${externalId && ` ${externalId}`}), ${entryState(state)}${why}`;
}
