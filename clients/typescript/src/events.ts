import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { Failure, LedgerEntry, Progress, Task, TaskEvent } from "./gen/index.js";
import {
  entryState,
  logLevel,
  taskState,
  type EntryStateWord,
  type LogLevelWord,
  type TaskStateWord,
} from "./words.js";

/** What everything told by a watch has in common. */
export interface News {
  /** The task's full name. */
  readonly task: string;
  /**
   * The event's number, 1, 2, 3 … without a gap; for what is no event (snapshots, progress) that of the last one before
   * it.
   */
  readonly sequence: number;
  /** When, by the server's clock. */
  readonly time: Date | undefined;
  /** In the watch of a project: give it back to go on after this. */
  readonly resumeToken?: Uint8Array;
}

/** The whole task as it is: told first, and `final` last of all when the task is at rest. */
export interface SnapshotEvent extends News {
  readonly kind: "snapshot";
  readonly snapshot: Task;
  readonly state: TaskStateWord;
  readonly final: boolean;
}

/** The task came into a state; `actor` caused it, and perhaps told a `reason`. */
export interface StateEvent extends News {
  readonly kind: "state";
  readonly state: TaskStateWord;
  readonly actor: string;
  readonly reason: string;
}

/** An entry of the ledger changed; `entry` is the whole entry as it then was. */
export interface EntryEvent extends News {
  readonly kind: "entry";
  readonly key: string;
  readonly state: EntryStateWord;
  readonly entry: LedgerEntry;
}

/** A line that the script told or printed; `dropped` lines before it were left out by the task's limit. */
export interface LogEvent extends News {
  readonly kind: "log";
  readonly level: LogLevelWord;
  readonly text: string;
  readonly dropped: number;
}

/** An attempt, a search or an undo failed; later events say what that led to. */
export interface FailureEvent extends News {
  readonly kind: "failure";
  readonly failure: Failure;
}

/** The latest progress; values in between may have been left out. */
export interface ProgressEvent extends News {
  readonly kind: "progress";
  readonly progress: Progress;
}

/** An event of a kind that this client is too old to know. */
export interface UnknownEvent extends News {
  readonly kind: "unknown";
  readonly raw: TaskEvent;
}

/** Everything that a watch can tell; `kind` says which. Be ready for `"unknown"`, which newer servers may cause. */
export type WatchEvent =
  SnapshotEvent | StateEvent | EntryEvent | LogEvent | FailureEvent | ProgressEvent | UnknownEvent;

type Token = { readonly resumeToken?: Uint8Array };

/** Returns one numbered event as a watch tells it. */
export function told(event: TaskEvent, token: Token = {}): WatchEvent {
  const news = { task: event.task, sequence: Number(event.sequence), time: date(event.time), ...token };
  const { detail } = event;
  switch (detail.case) {
    case "stateChange":
      return {
        kind: "state",
        ...news,
        state: taskState(detail.value.state),
        actor: detail.value.actor,
        reason: detail.value.reason,
      };
    case "entry":
      return {
        kind: "entry",
        ...news,
        key: detail.value.key,
        state: entryState(detail.value.state),
        entry: detail.value,
      };
    case "log":
      return {
        kind: "log",
        ...news,
        level: logLevel(detail.value.level),
        text: detail.value.text,
        dropped: Number(detail.value.dropped),
      };
    case "failure":
      return { kind: "failure", ...news, failure: detail.value };
    default:
      return { kind: "unknown", ...news, raw: event };
  }
}

/** Returns progress as a watch tells it. */
export function toldProgress(task: string, sequence: number, progress: Progress, token: Token = {}): ProgressEvent {
  return { kind: "progress", task, sequence, time: date(progress.updateTime), progress, ...token };
}

/** Returns a snapshot as a watch tells it; `sequence` is up to which events have been told, not what the task knows. */
export function toldSnapshot(sequence: number, snapshot: Task, final: boolean, token: Token = {}): SnapshotEvent {
  return {
    kind: "snapshot",
    task: snapshot.name,
    sequence,
    time: date(snapshot.updateTime),
    snapshot,
    state: taskState(snapshot.state),
    final,
    ...token,
  };
}

function date(time: Timestamp | undefined): Date | undefined {
  return time && timestampDate(time);
}
