import type { Failure, LedgerEntry, LeftoverCost, Task } from "./gen/index.js";
import type { TaskHandle } from "./handle.js";
import { halfDone, reasonText } from "./report.js";
import { retriable } from "./rules.js";
import { taskState, type ActionWord } from "./words.js";

/** What is wrong with one field: `field` is its path in the request, such as `task.params.stores[0]`. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

/** The base of all errors of this client. An aborted signal is none of them: its own `reason` is thrown. */
export class WharfingerError extends Error {
  override name = "WharfingerError";
}

/** Something in the request can't be sent, and was not: `violations` name it. */
export class Invalid extends WharfingerError {
  override name = "Invalid";
  constructor(readonly violations: readonly Violation[]) {
    super(violations.map(({ field, description }) => `${field}: ${description}`).join("\n"));
  }
}

/**
 * The server can't be reached, or did not answer in time.
 *
 * `code` is the canonical status (`"UNAVAILABLE"`, `"DEADLINE_EXCEEDED"`), `hint` what to do about it ("" where nothing
 * is known to help). `requestId` is set where a request may have been accepted: asking again under that id does it no
 * second time.
 */
export class Unreachable extends WharfingerError {
  override name = "Unreachable";
  requestId = "";
  constructor(
    readonly server: string,
    readonly detail: string,
    readonly code: string,
    readonly hint = "",
    options?: ErrorOptions,
  ) {
    super(`no answer from the server at ${server}: ${detail}${hint && `; ${hint}`}`, options);
  }
}

/** The time given by the caller is over. The task is not affected and goes on. */
export class TimedOut extends WharfingerError {
  override name = "TimedOut";
}

/** What the server told with a refusal. */
export interface Refusal {
  /** The canonical status, such as `"NOT_FOUND"`. */
  readonly code: string;
  /**
   * A word of the API's ErrorReason, such as `"TASK_NOT_FOUND"`; "" when something between here and the server
   * answered.
   */
  readonly reason: string;
  /** The sentence for people. */
  readonly detail: string;
  /** The facts documented with the reason. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The fields at fault. */
  readonly violations: readonly Violation[];
  /** How long the server asks to wait before the same request is sent again. */
  readonly retryAfterMs: number | undefined;
  /** What a field might be instead, the likeliest first. */
  readonly choices: readonly string[];
  /** The states of a task that would have allowed it. */
  readonly allowedStates: readonly string[];
}

/** The server refused a request. */
export class Refused extends WharfingerError implements Refusal {
  override name = "Refused";
  readonly code: string;
  readonly reason: string;
  readonly detail: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;
  readonly choices: readonly string[];
  readonly allowedStates: readonly string[];
  constructor(told: Refusal, options?: ErrorOptions) {
    super(refusalText(told), options);
    this.code = told.code;
    this.reason = told.reason;
    this.detail = told.detail;
    this.metadata = told.metadata;
    this.violations = told.violations;
    this.retryAfterMs = told.retryAfterMs;
    this.choices = told.choices;
    this.allowedStates = told.allowedStates;
  }

  /** Whether the same request may go through later. This client has then asked more than once. */
  get retryable(): boolean {
    return retriable(this);
  }
}

function refusalText({ code, reason, detail, violations }: Refusal): string {
  // A violation that the sentence tells already is not told twice.
  const more = violations.map((one) => `${one.field}: ${one.description}`).filter((line) => !detail.includes(line));
  return [`${detail || code} [${reason || code}]`, ...more].join("\n  ");
}

/** The task ended without success; `failure` says why, undefined if the server did not. `handle` goes on with it. */
export class TaskFailed extends WharfingerError {
  override name = "TaskFailed";
  readonly failure: Failure | undefined;
  constructor(
    readonly handle: TaskHandle,
    readonly task: Task,
    text?: string,
  ) {
    super(text ?? `${task.name} (${task.script}) is ${taskState(task.state)}: ${reasonText(task.failure)}`);
    this.failure = task.failure;
  }
}

/** The task was cancelled, and nothing is left over. */
export class TaskCancelled extends TaskFailed {
  override name = "TaskCancelled";
}

/** What the task had made was undone on somebody's request; nothing is left over but what they retained. */
export class RolledBack extends TaskFailed {
  override name = "RolledBack";
  constructor(handle: TaskHandle, task: Task) {
    const before = task.failure ? `; before that it failed: ${reasonText(task.failure)}` : "";
    super(handle, task, `${task.name} (${task.script}) is ${taskState(task.state)}${before}`);
  }
}

/** What a half-done task left behind. */
export interface LeftBehind {
  /** The leftovers that exist, in the order of intent; also those of which undoing failed. */
  readonly created: readonly LedgerEntry[];
  /** The leftovers of which nobody can tell whether they exist. */
  readonly uncertain: readonly LedgerEntry[];
  /** Planned keys that were never begun; the first 100. */
  readonly notAttempted: readonly string[];
  /** What the leftovers cost while they live; undefined: nobody knows. */
  readonly cost: LeftoverCost | undefined;
  /** What can be done about it now. */
  readonly allowedActions: readonly ActionWord[];
  /** The step that failed; "" outside of steps. */
  readonly failedStep: string;
  /** Trying again might help. */
  readonly retryable: boolean;
  /** The script's version that `resume` has to name; "" for none. */
  readonly resumeVersion: string;
}

/**
 * The task stopped half-way and something may be alive. All leftovers are told, however many.
 *
 * `handle.resume()`, `handle.rollback()` and `handle.resolve(…)` go on with it, as far as `allowedActions` says.
 */
export class PartialFailure extends TaskFailed implements LeftBehind {
  override name = "PartialFailure";
  readonly created: readonly LedgerEntry[];
  readonly uncertain: readonly LedgerEntry[];
  readonly notAttempted: readonly string[];
  readonly cost: LeftoverCost | undefined;
  readonly allowedActions: readonly ActionWord[];
  readonly failedStep: string;
  readonly retryable: boolean;
  readonly resumeVersion: string;
  constructor(handle: TaskHandle, task: Task, left: LeftBehind) {
    super(handle, task, halfDone(task, left));
    this.created = left.created;
    this.uncertain = left.uncertain;
    this.notAttempted = left.notAttempted;
    this.cost = left.cost;
    this.allowedActions = left.allowedActions;
    this.failedStep = left.failedStep;
    this.retryable = left.retryable;
    this.resumeVersion = left.resumeVersion;
  }

  /** Why the latest rollback stopped, undefined if there was none that did. */
  get rollbackFailure(): Failure | undefined {
    return this.task.rollbackFailure;
  }
}
