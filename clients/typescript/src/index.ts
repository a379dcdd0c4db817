/**
 * Wharfinger's client: cloud work as durable tasks. In Node take `@wharfinger/client/node`, in a browser
 * `@wharfinger/client/web`: both have all of this, and a `connect()`. The generated code is `@wharfinger/client/v1`.
 *
 * @module
 */
export { Client, type ClientOptions, type Outcome, type PriceOptions } from "./client.js";
export type { Connection } from "./calls.js";
export {
  TaskHandle,
  type CallOptions,
  type ChangeOptions,
  type Parser,
  type RollbackOptions,
  type VerdictWord,
} from "./handle.js";
export type { WaitOptions } from "./outcome.js";
export type { WatchOptions } from "./watch.js";
export type { Leftovers, NewTask, Policy, SubmitOptions } from "./requests.js";
export {
  Invalid,
  PartialFailure,
  Refused,
  RolledBack,
  TaskCancelled,
  TaskFailed,
  TimedOut,
  Unreachable,
  WharfingerError,
  type LeftBehind,
  type Refusal,
  type Violation,
} from "./errors.js";
export type { Cause } from "./status.js";
export type * from "./events.js";
export {
  actionWords,
  entryState,
  logLevel,
  taskState,
  type ActionWord,
  type EntryStateWord,
  type LogLevelWord,
  type TaskStateWord,
} from "./words.js";
export { registry } from "./registry.js";
export type {
  Budget,
  Caller,
  Catalog,
  CostEstimate,
  DecimalMoney,
  Failure,
  LedgerEntry,
  LeftoverCost,
  LeftoverGroup,
  Price,
  PriceChange,
  PricePoint,
  Progress,
  RollbackPlan,
  Schedule,
  SummarizeLeftoversResponse,
  Task,
} from "./gen/index.js";
