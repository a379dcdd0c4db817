// The API's enumerations as words. A word that a newer server says, and this client does not know, is "UNKNOWN".
import { LedgerEntryState, LogLevel, PartialFailureAction, TaskState } from "./gen/index.js";

type Word<E> = Exclude<keyof E, "UNSPECIFIED">;

/** A task's state as a word, such as `"RUNNING"`; `"UNKNOWN"` for one that this client is too old to know. */
export type TaskStateWord = Word<typeof TaskState> | "UNKNOWN";
/** The state of a ledger's entry as a word, such as `"CREATED"`; `"UNKNOWN"` as with tasks. */
export type EntryStateWord = Word<typeof LedgerEntryState> | "UNKNOWN";
/** How grave a log line is, as a word. */
export type LogLevelWord = Word<typeof LogLevel> | "UNKNOWN";
/** What can be done about a half-done task, as a word. */
export type ActionWord = Word<typeof PartialFailureAction>;

function word<W extends string>(names: Readonly<Record<number, string>>, value: number): W | "UNKNOWN" {
  return value === 0 ? "UNKNOWN" : ((names[value] as W | undefined) ?? "UNKNOWN");
}

/** Returns the word of a task's state. */
export function taskState(value: TaskState): TaskStateWord {
  return word(TaskState, value);
}

/** Returns the word of the state of a ledger's entry. */
export function entryState(value: LedgerEntryState): EntryStateWord {
  return word(LedgerEntryState, value);
}

/** Returns the word of a log line's level. */
export function logLevel(value: LogLevel): LogLevelWord {
  return word(LogLevel, value);
}

/** Returns the words of actions, without those that this client does not know. */
export function actionWords(values: readonly PartialFailureAction[]): ActionWord[] {
  return values.map((value) => word<ActionWord>(PartialFailureAction, value)).filter((one) => one !== "UNKNOWN");
}
