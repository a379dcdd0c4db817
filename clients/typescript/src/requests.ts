import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { newRequestId } from "./calls.js";
import { Invalid } from "./errors.js";
import { LeftoverPolicy, type CreateTaskRequestSchema, type PolicySchema } from "./gen/index.js";
import { jsonObject } from "./params.js";

/** What becomes of things already made, when a task fails or is cancelled. */
export type Leftovers = "KEEP" | "ROLL_BACK";

/** How hard a task tries, how long, and what becomes of half-done work. What is left out is as the server has it. */
export interface Policy {
  readonly onFailure?: Leftovers | undefined;
  readonly onCancel?: Leftovers | undefined;
  /** How often the script is run at most when it fails in a way that it calls retryable, the first time included. */
  readonly maxAttempts?: number | undefined;
  /** A task whose executor was lost under it this often fails; 0: it never runs again after a loss. */
  readonly maxLostAttempts?: number | undefined;
  readonly maxUndoAttempts?: number | undefined;
  readonly retryBackoffMs?: number | undefined;
  readonly attemptTimeoutMs?: number | undefined;
  readonly totalTimeoutMs?: number | undefined;
  readonly undoTimeoutMs?: number | undefined;
  /** It stays QUEUED until then. */
  readonly notBefore?: Date | undefined;
  /** Higher runs first, from -1000 to 1000. */
  readonly priority?: number | undefined;
  /** Tasks that share it run one at a time. */
  readonly concurrencyKey?: string | undefined;
  /** How many tasks of the key run at once; one where it is left out. */
  readonly concurrencyLimit?: number | undefined;
  /** A task whose estimate exceeds this by the hour is refused; a decimal string such as `"0.25"`. */
  readonly maxHourlyCost?: { readonly amount: string; readonly currency: string } | undefined;
  readonly allowUnpriced?: boolean | undefined;
}

/** What a task is asked for with, beside its script and params. */
export interface SubmitOptions {
  /** The last part of the task's name; the server makes one up where it is left out. */
  readonly taskId?: string | undefined;
  /** The id under which this request is done once; made up where it is left out, and kept over all tries. */
  readonly requestId?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly policy?: Policy | undefined;
  readonly executor?: string | undefined;
  readonly scriptVersion?: string | undefined;
  /** Check everything, and create nothing. */
  readonly validateOnly?: boolean | undefined;
}

/** One task of a batch. */
export interface NewTask extends Omit<SubmitOptions, "validateOnly"> {
  readonly script: string;
  readonly params?: object | undefined;
}

/**
 * Returns the request for a task, with an id of its own where the caller gave none. `place` is where it stands among
 * others.
 */
export function createRequest(
  parent: string,
  new_: NewTask & SubmitOptions,
  place = "",
): MessageInitShape<typeof CreateTaskRequestSchema> {
  return {
    parent,
    taskId: new_.taskId ?? "",
    requestId: new_.requestId || newRequestId(),
    validateOnly: new_.validateOnly ?? false,
    task: {
      script: new_.script,
      params: jsonObject(new_.params ?? {}, `${place}task.params`),
      scriptVersion: new_.scriptVersion ?? "",
      executor: new_.executor ?? "",
      labels: { ...new_.labels },
      ...(new_.policy && { policy: policyMessage(new_.policy, `${place}task.policy`) }),
    },
  };
}

function policyMessage(wish: Policy, place: string): MessageInitShape<typeof PolicySchema> {
  const {
    onFailure,
    onCancel,
    notBefore,
    maxHourlyCost,
    retryBackoffMs,
    attemptTimeoutMs,
    totalTimeoutMs,
    undoTimeoutMs,
    ...plain
  } = wish;
  const leftovers = (word: Leftovers | undefined, name: string) => {
    const found = word === undefined ? LeftoverPolicy.UNSPECIFIED : LeftoverPolicy[word];
    if (found === undefined)
      throw new Invalid([
        { field: `${place}.${name}`, description: `is ${JSON.stringify(word)}; give KEEP or ROLL_BACK` },
      ]);
    return found;
  };
  const durations = {
    retryBackoff: retryBackoffMs,
    attemptTimeout: attemptTimeoutMs,
    totalTimeout: totalTimeoutMs,
    undoTimeout: undoTimeoutMs,
  };
  return {
    ...defined(plain),
    ...Object.fromEntries(Object.entries(defined(durations)).map(([name, ms]) => [name, durationFromMs(ms as number)])),
    onFailure: leftovers(onFailure, "onFailure"),
    onCancel: leftovers(onCancel, "onCancel"),
    ...(notBefore && { notBeforeTime: timestampFromDate(notBefore) }),
    ...(maxHourlyCost && { maxHourlyCost: { amount: maxHourlyCost.amount, currencyCode: maxHourlyCost.currency } }),
  };
}

/** Returns the object without its members that are undefined. */
export function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
