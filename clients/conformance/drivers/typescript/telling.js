// The client's values in the words of the drivers.
import {
  entryState,
  Invalid,
  PartialFailure,
  Refused,
  taskState,
  TaskFailed,
  TimedOut,
  Unreachable,
  WharfingerError,
} from "../../../typescript/dist/src/index.js";
import { CallerIdentity, Role, StatusCode, TaskSchema, toJson } from "../../../typescript/dist/src/v1.js";

/** @typedef {import("../../../typescript/dist/src/index.js").Task} Task */
/** @typedef {import("../../../typescript/dist/src/index.js").Failure} Failure */
/** @typedef {import("../../../typescript/dist/src/v1.js").Schedule} Schedule */
/** @typedef {import("../../../typescript/dist/src/index.js").DecimalMoney} DecimalMoney */

/** @param {Task} value */
export function task(value) {
  return {
    name: value.name,
    state: taskState(value.state),
    script: value.script,
    script_version: value.scriptVersion,
    params: value.params ?? {},
    result: value.result ?? null,
    failure: value.failure ? failure(value.failure) : null,
    labels: value.labels,
    creator: value.creator,
    last_sequence: Number(value.lastSequence),
  };
}

/** @param {Failure} value */
function failure({ code, reason, message, metadata }) {
  return { code: StatusCode[code], reason, message, metadata };
}

/** @param {DecimalMoney} value */
export function money({ amount, currencyCode }) {
  return { amount, currency: currencyCode };
}

/** @param {import("../../../typescript/dist/src/index.js").Price} value */
export function price({ amount, unit }) {
  if (!amount) throw new Error("an unknown price is refused");
  return { ...money(amount), unit };
}

/**
 * What a price amounts to; null where that is unknown.
 *
 * @param {import("../../../typescript/dist/src/index.js").Price | undefined} price
 */
export function amount(price) {
  return price?.amount?.amount ?? null;
}

/** @param {import("../../../typescript/dist/src/index.js").PriceChange} value */
export function change({ before, after }) {
  return { sku: (after ?? before)?.sku, before: amount(before), after: amount(after) };
}

/** @param {import("../../../typescript/dist/src/index.js").Caller} value */
export function caller({ creator, identity, role, allProjects, projects }) {
  return { creator, identity: CallerIdentity[identity], role: Role[role], all_projects: allProjects, projects };
}

/** @param {import("../../../typescript/dist/src/index.js").Budget} value */
export function budget({ project, hourlyLimit, hourlyUse }) {
  return { project: project.replace(/^projects\//, ""), limit: hourlyLimit.map(money), use: hourlyUse.map(money) };
}

/** @param {import("../../../typescript/dist/src/index.js").LeftoverGroup} value */
export function group({ key, taskCount, aliveCount, cost }) {
  const { knownHourly = [], unpriced = 0, uncertain = 0 } = cost ?? {};
  const told = { known_hourly: knownHourly.map(money), unpriced, uncertain };
  return { key, tasks: Number(taskCount), alive: Number(aliveCount), cost: told };
}

/** @param {import("../../../typescript/dist/src/index.js").LedgerEntry} value */
export function entry({ key, type, state, externalId }) {
  return { key, type, state: entryState(state), external_id: externalId };
}

/** @param {import("../../../typescript/dist/src/index.js").RollbackPlan} value */
export function plan({ waves, retained, sought, blocked }) {
  return { waves: waves.map(({ keys }) => keys), retained, sought, blocked };
}

/** @param {Task} value */
export function json(value) {
  return toJson(TaskSchema, value);
}

/** @param {import("../../../typescript/dist/src/index.js").WatchEvent} value */
export function event(value) {
  const told = {
    kind: value.kind,
    task: value.task,
    sequence: value.sequence,
    ...(value.resumeToken?.length && { resume_token: Buffer.from(value.resumeToken).toString("hex") }),
  };
  switch (value.kind) {
    case "snapshot":
      return { ...told, state: value.state, final: value.final };
    case "state":
      return { ...told, state: value.state, reason: value.reason };
    case "entry":
      return { ...told, key: value.key, entry_state: value.state };
    case "log":
      return { ...told, text: value.text };
    case "failure":
      return { ...told, reason: value.failure.reason, text: value.failure.message };
    case "progress":
      return { ...told, text: value.progress.message };
    default:
      return told;
  }
}

/**
 * Returns what a submit may have beside script and params, in the client's own names.
 *
 * @param {Record<string, any>} given
 */
export function options({ policy, ...given }) {
  return { ...camel(given), ...(policy && { policy: policyOf(policy) }) };
}

/** @param {Record<string, any>} given */
function policyOf({ not_before: notBefore, ...given }) {
  const plain = Object.entries(given).map(([name, value]) =>
    /_(backoff|timeout)$/.test(name) ? [`${name}_ms`, value * 1000] : [name, value],
  );
  return { ...camel(Object.fromEntries(plain)), ...(notBefore && { notBefore: new Date(notBefore) }) };
}

/** @param {Record<string, any>} values */
function camel(values) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()), value]),
  );
}

/** @param {unknown} value */
export function error(value) {
  const message = value instanceof Error ? value.message : String(value);
  if (value instanceof PartialFailure) {
    const { cost } = value;
    return {
      ...failed(value),
      created: value.created.map(({ key }) => key),
      uncertain: value.uncertain.map(({ key }) => key),
      not_attempted: value.notAttempted,
      allowed_actions: value.allowedActions,
      cost: cost
        ? { known_hourly: cost.knownHourly.map(money), unpriced: cost.unpriced, uncertain: cost.uncertain }
        : null,
      failed_step: value.failedStep,
      retryable: value.retryable,
    };
  }
  if (value instanceof TaskFailed) return failed(value);
  if (value instanceof Refused) {
    const { code, reason, metadata, violations, choices, retryable } = value;
    return {
      kind: "Refused",
      message,
      code,
      reason,
      metadata,
      violations: violations.map(({ field }) => field),
      choices,
      retryable,
    };
  }
  if (value instanceof TimedOut) return { kind: "TimedOut", message };
  if (value instanceof Unreachable) return { kind: "Unreachable", message, code: value.code };
  if (value instanceof Invalid)
    return { kind: "Invalid", message, violations: value.violations.map(({ field }) => field) };
  // Wrong settings come as errors of files; what else is none of the client's is shown where it happened.
  if (!(value instanceof WharfingerError)) console.error(value);
  return { kind: "Invalid", message };
}

/** @param {TaskFailed} value */
function failed(value) {
  return { ...(value.failure && failure(value.failure)), kind: value.name, message: value.message };
}

/** @param {Schedule} value */
export const schedule = ({ name, timing, timeZone, paused }) => ({
  name,
  cron: timing.case === "cron" ? timing.value : "",
  time_zone: timeZone,
  paused,
});
