import type { JsonObject } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Calls } from "./calls.js";
import {
  PartialFailure,
  RolledBack,
  TaskCancelled,
  TaskFailed,
  TimedOut,
  Unreachable,
  type LeftBehind,
} from "./errors.js";
import { LedgerEntryState as State, TaskService, TaskState, type LedgerEntry, type Task } from "./gen/index.js";
import type { TaskHandle } from "./handle.js";
import { pages } from "./pages.js";
import { Backoff, passing, sleep } from "./retry.js";
import { actionWords, taskState } from "./words.js";

/** How to wait for a task's end. */
export interface WaitOptions {
  /** Ends the waiting: its reason is thrown. The task goes on. */
  readonly signal?: AbortSignal | undefined;
  /** How long at most; then `TimedOut` is thrown. For ever if not given. */
  readonly timeoutMs?: number | undefined;
}

// One long poll; short enough for proxies that cut silent calls, long enough to cost nothing.
const POLL = 25_000;
const DOUBTS = 10;

/** Returns the task once it is at rest. Broken connections and restarts of the server are waited out. */
export async function wait(calls: Calls, name: string, { signal, timeoutMs = Infinity }: WaitOptions): Promise<Task> {
  const began = performance.now();
  const left = () => Math.max(0, began + timeoutMs - performance.now());
  const backoff = new Backoff();
  for (;;) {
    const poll = Math.min(POLL, left());
    const request = { name, timeout: durationFromMs(Math.floor(poll)) };
    let what: string, pause: number;
    try {
      const task = await calls.unary(TaskService.method.waitTask, request, {
        signal,
        timeoutMs: Math.ceil(Math.min(poll + 10_000, left() + 2_000)),
        again: false,
      });
      if (task.endTime) return task;
      what = `it is ${taskState(task.state)}`;
      backoff.ease();
      // An early answer is allowed; a server that always answers at once must not be asked in a tight loop.
      pause = 50;
    } catch (error) {
      if (!(error instanceof Error) || !passing(error, backoff.failures, DOUBTS)) throw error;
      if (error instanceof Unreachable && !calls.connected && performance.now() - began >= calls.patience) throw error;
      what = error.message;
      pause = Math.min(backoff.next(error), left());
      if (left() > 0) await calls.pause(error, pause, signal);
      pause = 0;
    }
    if (left() === 0)
      throw new TimedOut(
        `${name} did not end within ${timeoutMs / 1000} seconds: ${what}. It is not affected and goes on`,
      );
    await sleep(Math.min(pause, left()), signal);
  }
}

/** Returns the result of a task that is at rest; throws what its end means where it did not succeed. */
export async function result(calls: Calls, handle: TaskHandle, task: Task, signal?: AbortSignal): Promise<JsonObject> {
  switch (task.state) {
    case TaskState.SUCCEEDED:
      return task.result ?? {};
    case TaskState.PARTIALLY_FAILED:
    case TaskState.ROLLBACK_FAILED:
      throw new PartialFailure(handle, task, await leftBehind(calls, task, signal));
    case TaskState.CANCELLED:
      throw new TaskCancelled(handle, task);
    case TaskState.ROLLED_BACK:
      throw new RolledBack(handle, task);
    default:
      throw new TaskFailed(handle, task);
  }
}

const CLOSED = new Set([State.NOT_CREATED, State.UNDONE, State.RETAINED, State.FORGOTTEN]);
const EXISTS = new Set([State.CREATED, State.UNDOING, State.UNDO_FAILED]);

async function leftBehind(calls: Calls, task: Task, signal?: AbortSignal): Promise<LeftBehind> {
  const half = task.partialFailure;
  let leftOver: readonly LedgerEntry[] = half?.leftOver ?? [];
  if (half && half.totalLeftOver > leftOver.length) {
    // The task's own list is cut.
    leftOver = await open(ledger(calls, task.name, "", signal));
  }
  return {
    created: leftOver.filter(({ state }) => EXISTS.has(state)),
    uncertain: leftOver.filter(({ state }) => !EXISTS.has(state)),
    notAttempted: half?.notAttempted ?? [],
    cost: half?.cost,
    allowedActions: actionWords(half?.allowedActions ?? []),
    failedStep: half?.failedStep ?? "",
    retryable: half?.retryable ?? false,
    resumeVersion: half?.resumeVersion ?? "",
  };
}

async function open(entries: AsyncIterable<LedgerEntry>): Promise<LedgerEntry[]> {
  const found: LedgerEntry[] = [];
  for await (const entry of entries) if (entry.owned && !CLOSED.has(entry.state)) found.push(entry);
  return found;
}

/** Tells a task's ledger in the order of intent, page by page. */
export function ledger(
  calls: Calls,
  parent: string,
  filter: string,
  signal?: AbortSignal,
): AsyncGenerator<LedgerEntry, void, undefined> {
  return pages(
    calls,
    TaskService.method.listLedgerEntries,
    { parent, filter, pageSize: 1000 },
    ({ entries }) => entries,
    signal,
  );
}
