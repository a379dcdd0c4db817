import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Client as Raw } from "@connectrpc/connect";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { submitMany } from "./batches.js";
import { Calls, newRequestId, type Connection } from "./calls.js";
import { Invalid, type WharfingerError } from "./errors.js";
import type { WatchEvent } from "./events.js";
import {
  AccessService,
  ExecutorService,
  LeftoverGrouping,
  PricingService,
  ScheduleService,
  TaskService,
  TaskView,
  type Budget,
  type Caller,
  type CostEstimate,
  type Price,
  type PriceChange,
  type PricePoint,
  type Schedule,
  type ScheduleSchema,
  type SummarizeLeftoversResponse,
  type Task,
} from "./gen/index.js";
import { TaskHandle, type CallOptions } from "./handle.js";
import { pages } from "./pages.js";
import { jsonObject } from "./params.js";
import { createRequest, type NewTask, type SubmitOptions } from "./requests.js";
import { watchProject, type WatchOptions } from "./watch.js";

/** What a client is made of. */
export interface ClientOptions extends Connection {
  /** The project of all tasks that are named by their id alone; `"default"` if not given. */
  readonly project?: string | undefined;
  /** Is told when something is asked again: why, and after how long. Nothing is logged otherwise. */
  readonly onRetry?: ((error: Error, pauseMs: number) => void) | undefined;
}

/** What became of one task of a batch, as `Promise.allSettled` tells such things. */
export type Outcome =
  | { readonly status: "fulfilled"; readonly value: TaskHandle }
  | { readonly status: "rejected"; readonly reason: WharfingerError };

/** Which price is asked for, beside provider and sku; what is left out is the only one there is, or that of today. */
export interface PriceOptions extends CallOptions {
  readonly region?: string | undefined;
  /** `on-demand` (if not given), `spot` or `committed`. */
  readonly category?: string | undefined;
  readonly term?: string | undefined;
  readonly currency?: string | undefined;
  /** What one amount buys, such as `Hours`. */
  readonly unit?: string | undefined;
  /** The source that the figure must be of, such as `libcloud` or `azure:eastus`. */
  readonly source?: string | undefined;
  /** The price of that moment. */
  readonly at?: Date | undefined;
}

/**
 * A client of one server and project. It can be shared, and needs no server to be there when it is made.
 *
 * `connect()` of `@wharfinger/client/node` or `@wharfinger/client/web` makes one; `new Client({ transport })` takes any
 * transport of Connect's. All calls throw `Refused`, `Unreachable`, or the reason of the signal that they were given.
 */
export class Client {
  readonly project: string;
  /** The generated clients, for what this one does not offer: they try once, and throw Connect's errors. */
  readonly raw: {
    readonly tasks: Raw<typeof TaskService>;
    readonly prices: Raw<typeof PricingService>;
    readonly executors: Raw<typeof ExecutorService>;
    readonly schedules: Raw<typeof ScheduleService>;
  };
  private readonly calls: Calls;
  private readonly parent: string;

  constructor(options: ClientOptions) {
    const { transport, project = "default", onRetry } = options;
    if (!project || project.includes("/")) {
      throw new Invalid([
        { field: "project", description: `${JSON.stringify(project)} must be the plain name, without a slash` },
      ]);
    }
    this.project = project;
    this.parent = `projects/${project}`;
    this.calls = new Calls(options, onRetry ?? (() => undefined));
    this.raw = {
      tasks: createClient(TaskService, transport),
      prices: createClient(PricingService, transport),
      executors: createClient(ExecutorService, transport),
      schedules: createClient(ScheduleService, transport),
    };
  }

  /**
   * Asks for a task: a script, and what it is given, which is anything that JSON has. When this returns, the task is
   * durable and will be run. No answer is asked for again under the same request id, which makes no second task.
   */
  async submit(script: string, params: object = {}, options: SubmitOptions & CallOptions = {}): Promise<TaskHandle> {
    const request = createRequest(this.parent, { ...options, script, params });
    return this.handle(await this.calls.unary(TaskService.method.createTask, request, options));
  }

  /** Asks for many tasks, each for itself: returns the outcome of each, in order. */
  async batch(tasks: Iterable<NewTask>, options: CallOptions = {}): Promise<Outcome[]> {
    const requests = Array.from(tasks, (task, index) => createRequest(this.parent, task, `tasks[${index}].`));
    const outcomes = await submitMany(this.calls, this.parent, requests, options.signal);
    return outcomes.map((one) =>
      one instanceof Error ? { status: "rejected", reason: one } : { status: "fulfilled", value: this.handle(one) },
    );
  }

  /** Returns the handle of a task by its full name, or by its id in this project. Nothing is asked. */
  task(name: string): TaskHandle {
    if (/^projects\/[^/]+\/tasks\/[^/]+$/.test(name)) return new TaskHandle(this.calls, name);
    if (!name || name.includes("/")) {
      throw new Invalid([
        { field: "name", description: `${JSON.stringify(name)} is no task; give its id, or projects/PROJECT/tasks/ID` },
      ]);
    }
    return new TaskHandle(this.calls, `${this.parent}/tasks/${name}`);
  }

  /**
   * Tells the project's tasks, the newest first, or those that the filter fits, such as `state = FAILED`; without
   * params and result unless `full`.
   */
  list(
    options: CallOptions & {
      readonly filter?: string | undefined;
      readonly orderBy?: string | undefined;
      readonly full?: boolean | undefined;
    } = {},
  ): AsyncGenerator<Task, void, undefined> {
    const { filter = "", orderBy = "", full = false, signal } = options;
    const request = {
      parent: this.parent,
      filter,
      orderBy,
      pageSize: 200,
      view: full ? TaskView.FULL : TaskView.BASIC,
    };
    return pages(this.calls, TaskService.method.listTasks, request, ({ tasks }) => tasks, signal);
  }

  /**
   * Tells what happens in the project, for ever: first a snapshot of each task that is not at rest, or what comes after
   * `resumeToken`. Broken connections and restarts of the server are waited out; each event comes once.
   */
  watchProject(
    options: WatchOptions & {
      readonly filter?: string | undefined;
      readonly resumeToken?: Uint8Array | undefined;
    } = {},
  ): AsyncGenerator<WatchEvent, void, undefined> {
    return watchProject(this.calls, this.parent, options.filter ?? "", options.resumeToken, options);
  }

  /**
   * Returns one price; its `amount.amount` is a decimal string. An unknown one is `Refused` with PRICE_UNKNOWN, never
   * 0.
   */
  async price(provider: string, sku: string, options: PriceOptions = {}): Promise<Price> {
    const { region = "", category = "", term = "", currency = "", unit = "", source = "", at, signal } = options;
    const request = {
      parent: this.parent,
      provider,
      sku,
      region,
      category,
      term,
      currencyCode: currency,
      unit,
      source,
      ...(at && { atTime: timestampFromDate(at) }),
    };
    return this.calls.unary(PricingService.method.getPrice, request, { signal });
  }

  /** Tells prices in the order of provider, region and sku, or those that the filter fits. */
  prices(options: CallOptions & { readonly filter?: string | undefined } = {}): AsyncGenerator<Price, void, undefined> {
    const request = { parent: this.parent, filter: options.filter ?? "", pageSize: 1000 };
    return pages(this.calls, PricingService.method.listPrices, request, ({ prices }) => prices, options.signal);
  }

  /**
   * Says what a task would cost by the hour; nothing is created. While `unpriced` is not empty, `hourly` is a lower
   * bound.
   */
  async estimate(script: string, params: object = {}, options: CallOptions = {}): Promise<CostEstimate> {
    const request = { parent: this.parent, task: { script, params: jsonObject(params, "task.params") } };
    return this.calls.unary(PricingService.method.estimateCost, request, options);
  }

  /** Returns who calls, as the server knows it, and what the credential opens. */
  async caller(options: CallOptions = {}): Promise<Caller> {
    return this.calls.unary(AccessService.method.getCaller, {}, options);
  }

  /** Tells since when a thing cost what, the oldest first; the last one is what `price` answers now. */
  async priceHistory(
    provider: string,
    sku: string,
    options: Omit<PriceOptions, "at"> = {},
  ): Promise<readonly PricePoint[]> {
    const { region = "", category = "", term = "", currency = "", unit = "", source = "", signal } = options;
    const { parent } = this;
    const request = { parent, provider, sku, region, category, term, currencyCode: currency, unit, source };
    return (await this.calls.unary(PricingService.method.listPriceHistory, request, { signal })).points;
  }

  /**
   * Tells what is not the same in two catalogues, by their names (`catalogs/…`). Without `before` the earlier one is what
   * was active in the catalogue's source before it became so.
   */
  priceChanges(
    catalog: string,
    options: CallOptions & { readonly before?: string | undefined } = {},
  ): AsyncGenerator<PriceChange, void, undefined> {
    const request = { name: catalog, before: options.before ?? "", pageSize: 1000 };
    return pages(this.calls, PricingService.method.diffCatalogs, request, ({ changes }) => changes, options.signal);
  }

  /** Returns what this project, or `-` every one that the credential opens, may spend an hour, and does. */
  async budgets(options: CallOptions = {}): Promise<readonly Budget[]> {
    return (await this.calls.unary(PricingService.method.listBudgets, { parent: this.parent }, options)).budgets;
  }

  /** Returns what half-done tasks left behind, summed up; of this project, or for `-` of every one that is open. */
  async leftovers(
    by: "project" | "script" | "provider" | "age" = "project",
    options: CallOptions = {},
  ): Promise<SummarizeLeftoversResponse> {
    const groupBy = LeftoverGrouping[by.toUpperCase() as keyof typeof LeftoverGrouping];
    return this.calls.unary(TaskService.method.summarizeLeftovers, { parent: this.parent, groupBy }, options);
  }

  /**
   * Creates a schedule: what each firing asks for, and when. When this returns, it is durable and will fire. Schedules
   * are experimental.
   */
  async createSchedule(
    scheduleId: string,
    schedule: MessageInitShape<typeof ScheduleSchema>,
    options: CallOptions & { readonly requestId?: string | undefined } = {},
  ): Promise<Schedule> {
    const request = { parent: this.parent, scheduleId, schedule, requestId: options.requestId ?? newRequestId() };
    return this.calls.unary(ScheduleService.method.createSchedule, request, options);
  }

  /** Returns a schedule by its full name, or by its id in this project. */
  async schedule(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.calls.unary(ScheduleService.method.getSchedule, { name: this.scheduleName(name) }, options);
  }

  /** Tells the project's schedules, in the order of their names. */
  schedules(options: CallOptions = {}): AsyncGenerator<Schedule, void, undefined> {
    const request = { parent: this.parent, pageSize: 1000 };
    return pages(
      this.calls,
      ScheduleService.method.listSchedules,
      request,
      ({ schedules }) => schedules,
      options.signal,
    );
  }

  /** Lets a schedule fire no more until it is resumed; its tasks go on. */
  async pauseSchedule(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.calls.unary(ScheduleService.method.pauseSchedule, { name: this.scheduleName(name) }, options);
  }

  /** Lets a paused schedule fire again, from its next instant on. */
  async resumeSchedule(name: string, options: CallOptions = {}): Promise<Schedule> {
    return this.calls.unary(ScheduleService.method.resumeSchedule, { name: this.scheduleName(name) }, options);
  }

  /** Asks for a schedule's task now; its instants stay as they are. */
  async runSchedule(
    name: string,
    options: CallOptions & { readonly requestId?: string | undefined } = {},
  ): Promise<TaskHandle> {
    const request = { name: this.scheduleName(name), requestId: options.requestId ?? newRequestId() };
    return this.handle(await this.calls.unary(ScheduleService.method.runSchedule, request, options));
  }

  /** Deletes a schedule; its tasks stay. */
  async deleteSchedule(name: string, options: CallOptions = {}): Promise<void> {
    await this.calls.unary(ScheduleService.method.deleteSchedule, { name: this.scheduleName(name) }, options);
  }

  private scheduleName(name: string): string {
    return name.includes("/") ? name : `${this.parent}/schedules/${name}`;
  }

  /** Closes all connections: what is under way ends with a `WharfingerError`, and so does what is asked later. */
  close(): void {
    this.calls.close();
  }

  private handle(task: Task): TaskHandle {
    return new TaskHandle(this.calls, task.name, task);
  }
}
