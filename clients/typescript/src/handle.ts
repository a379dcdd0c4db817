import type { JsonObject } from "@bufbuild/protobuf";
import { newRequestId, type Calls } from "./calls.js";
import { Invalid } from "./errors.js";
import { told, type WatchEvent } from "./events.js";
import {
  LedgerVerdict,
  RollbackPlanSchema,
  TaskService,
  TaskView,
  type LedgerEntry,
  type RollbackPlan,
  type Task,
} from "./gen/index.js";
import { create } from "@bufbuild/protobuf";
import { ledger, result, wait, type WaitOptions } from "./outcome.js";
import { pages } from "./pages.js";
import { watchTask, type WatchOptions } from "./watch.js";

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: its reason is thrown. What was asked for may still be done. */
  readonly signal?: AbortSignal | undefined;
}

/** What every call that changes a task takes. */
export interface ChangeOptions extends CallOptions {
  /** Act only if the task still has this etag. */
  readonly etag?: string | undefined;
  /** The id under which this request is done once; made up where it is left out, and kept over all tries. */
  readonly requestId?: string | undefined;
}

/** What a rollback is about. */
export interface RollbackOptions extends ChangeOptions {
  /** Undo these keys only. */
  readonly only?: readonly string[] | undefined;
  /** Keep these keys, with all that they depend on. */
  readonly retain?: readonly string[] | undefined;
}

/** A person's word on one entry of the ledger, after a look at the provider. */
export type VerdictWord = Exclude<keyof typeof LedgerVerdict, "UNSPECIFIED">;

/** Checks what a script returned, and types it: a function, or anything with a `parse`, such as a schema of zod. */
export type Parser<R> = ((value: unknown) => R) | { parse(value: unknown): R };

/**
 * One task. It holds no connection and nothing that must be closed: make as many as you like.
 *
 * All calls throw `Refused`, `Unreachable`, or the reason of the signal that they were given.
 */
export class TaskHandle {
  /** `projects/{project}/tasks/{task}`. */
  readonly name: string;

  /** @internal */
  constructor(
    private readonly calls: Calls,
    name: string,
    /** The task as it was last told by a call of this handle; undefined before the first. */
    public task?: Task,
  ) {
    this.name = name;
  }

  /** Reads the task. */
  async get(options: CallOptions = {}): Promise<Task> {
    return this.keep(
      await this.calls.unary(TaskService.method.getTask, { name: this.name, view: TaskView.FULL }, options),
    );
  }

  /**
   * Tells the task's life: a snapshot, its events each once and in order, progress, and a final snapshot when it is at
   * rest. Broken connections and restarts of the server are waited out. `afterSequence` is the last event that is known
   * already.
   */
  watch(
    options: WatchOptions & { readonly afterSequence?: number | undefined } = {},
  ): AsyncGenerator<WatchEvent, void, undefined> {
    return watchTask(this.calls, this.name, options.afterSequence ?? 0, options);
  }

  /** Waits until the task is at rest, and returns it. Throws `TimedOut` when `timeoutMs` is over. */
  async wait(options: WaitOptions = {}): Promise<Task> {
    return this.keep(await wait(this.calls, this.name, options));
  }

  /**
   * Waits until the task is at rest, and returns what its script returned. Throws `PartialFailure` when something is
   * left over, else `TaskFailed`, `TaskCancelled` or `RolledBack`; `TimedOut` when `timeoutMs` is over.
   */
  async result(options?: WaitOptions): Promise<JsonObject>;
  async result<R>(options: WaitOptions & { readonly parse: Parser<R> }): Promise<R>;
  async result<R>(options: WaitOptions & { readonly parse?: Parser<R> } = {}): Promise<R | JsonObject> {
    const value = await result(this.calls, this, await this.wait(options), options.signal);
    const { parse } = options;
    if (parse === undefined) return value;
    return typeof parse === "function" ? parse(value) : parse.parse(value);
  }

  /** Asks the task to stop, and returns at once. That it is stopped already is no error. */
  async cancel(options: ChangeOptions & { readonly reason?: string | undefined } = {}): Promise<Task> {
    const { reason = "", signal } = options;
    return this.keep(
      await this.calls.unary(TaskService.method.cancelTask, { ...this.change(options), reason }, { signal }),
    );
  }

  /** Lets a half-done task run again with what it made, and returns at once. */
  async resume(options: ChangeOptions & { readonly scriptVersion?: string | undefined } = {}): Promise<Task> {
    const { scriptVersion = "", signal } = options;
    return this.keep(
      await this.calls.unary(TaskService.method.resumeTask, { ...this.change(options), scriptVersion }, { signal }),
    );
  }

  /** Returns what a rollback would do, and does nothing. */
  async rollbackPlan(options: RollbackOptions = {}): Promise<RollbackPlan> {
    const task = await this.calls.unary(
      TaskService.method.rollbackTask,
      { ...this.undo(options), validateOnly: true },
      options,
    );
    return task.rollbackPlan ?? create(RollbackPlanSchema);
  }

  /**
   * Undoes what the task made, and returns at once: it is then ROLLING_BACK. `rollbackPlan` shows first what will be
   * done.
   */
  async rollback(options: RollbackOptions = {}): Promise<Task> {
    return this.keep(await this.calls.unary(TaskService.method.rollbackTask, this.undo(options), options));
  }

  /**
   * Tells how things stand with one entry of the ledger. `externalId` is needed for CREATED where the entry has none.
   */
  async resolve(
    key: string,
    word: VerdictWord,
    options: ChangeOptions & { readonly externalId?: string | undefined; readonly reason?: string | undefined } = {},
  ): Promise<Task> {
    const verdict = LedgerVerdict[word];
    if (!verdict)
      throw new Invalid([
        {
          field: "verdict",
          description: `${JSON.stringify(word)} is no verdict; there are CREATED, NOT_CREATED, RETAIN, FORGET and GONE`,
        },
      ]);
    const { externalId = "", reason = "", signal } = options;
    return this.keep(
      await this.calls.unary(
        TaskService.method.resolveLedgerEntry,
        { ...this.change(options), key, verdict, externalId, reason },
        { signal },
      ),
    );
  }

  /** Deletes a task that is at rest and has nothing left over. That it is deleted already is no error. */
  async delete(options: ChangeOptions & { readonly allowMissing?: boolean | undefined } = {}): Promise<void> {
    const { allowMissing = false, signal } = options;
    await this.calls.unary(TaskService.method.deleteTask, { ...this.change(options), allowMissing }, { signal });
  }

  /** Tells the task's whole ledger in the order of intent, or what the filter fits, such as `state = UNCERTAIN`. */
  ledger(
    options: CallOptions & { readonly filter?: string | undefined } = {},
  ): AsyncGenerator<LedgerEntry, void, undefined> {
    return ledger(this.calls, this.name, options.filter ?? "", options.signal);
  }

  /** Tells the events that there are so far, in order. */
  async *events(
    options: CallOptions & { readonly afterSequence?: number | undefined } = {},
  ): AsyncGenerator<WatchEvent, void, undefined> {
    const request = { parent: this.name, afterSequence: BigInt(options.afterSequence ?? 0), pageSize: 1000 };
    for await (const event of pages(
      this.calls,
      TaskService.method.listTaskEvents,
      request,
      ({ events }) => events,
      options.signal,
    ))
      yield told(event);
  }

  private keep(task: Task): Task {
    this.task = task;
    return task;
  }

  private change({ etag = "", requestId }: ChangeOptions) {
    return { name: this.name, etag, requestId: requestId || newRequestId() };
  }

  private undo({ only = [], retain = [], ...options }: RollbackOptions) {
    return { ...this.change(options), only: [...only], retain: [...retain] };
  }
}
