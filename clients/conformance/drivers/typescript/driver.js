// The driver of the TypeScript client: requests as JSON lines on stdin, answers as JSON lines on stdout.
// It is plain JavaScript, checked by tsc, so that nothing but the client must be built.
import { createInterface } from "node:readline";
import { connect } from "../../../typescript/dist/src/node/index.js";
import * as telling from "./telling.js";

/** @typedef {import("../../../typescript/dist/src/node/index.js").Client} Client */
/** @typedef {any} Args */

class Stopped extends Error {}

/** @type {Client | undefined} */
let client;

function its() {
  if (!client) throw new Error("connect comes first");
  return client;
}

/**
 * Each operation returns its value, or tells events. `signal` ends it.
 *
 * @type {Record<string, (args: Args, signal: AbortSignal) => unknown>}
 */
const OPERATIONS = {
  connect({ server, project, token, ca, plaintext, patience }) {
    const patienceMs = patience === undefined ? undefined : patience * 1000;
    client = connect({
      server,
      project,
      token,
      ca,
      tls: plaintext ? false : undefined,
      patienceMs,
      onRetry: (error, pauseMs) => console.error(`again in ${Math.round(pauseMs)} ms: ${error.message}`),
    });
    return {};
  },
  stop({ id }) {
    running.get(id)?.abort(new Stopped());
    return {};
  },
  async submit({ script, params, ...options }, signal) {
    return telling.task(known((await its().submit(script, params, { ...telling.options(options), signal })).task));
  },
  async batch({ tasks }, signal) {
    const wanted = tasks.map((/** @type {Args} */ { script, params, ...options }) => ({
      script,
      params,
      ...telling.options(options),
    }));
    return (await its().batch(wanted, { signal })).map((one) =>
      one.status === "fulfilled" ? { task: telling.task(known(one.value.task)) } : { error: telling.error(one.reason) },
    );
  },
  get: async ({ task }, signal) => telling.task(await its().task(task).get({ signal })),
  list: async ({ filter }, signal) => collect(its().list({ filter, signal }), telling.task),
  watch: ({ task, heartbeat = 5 }, signal) =>
    its()
      .task(task)
      .watch({ signal, heartbeatMs: heartbeat * 1000 }),
  watch_project({ filter, resume_token: token }, signal) {
    return its().watchProject({ filter, resumeToken: token ? Buffer.from(token, "hex") : undefined, signal });
  },
  async result({ task, timeout }, signal) {
    return {
      result: await its()
        .task(task)
        .result({ timeoutMs: timeout == null ? undefined : timeout * 1000, signal }),
    };
  },
  cancel: async ({ task, reason }, signal) => telling.task(await its().task(task).cancel({ reason, signal })),
  resume: async ({ task }, signal) => telling.task(await its().task(task).resume({ signal })),
  rollback: async ({ task, only, retain }, signal) =>
    telling.task(await its().task(task).rollback({ only, retain, signal })),
  async resolve({ task, key, verdict, external_id: externalId }, signal) {
    return telling.task(await its().task(task).resolve(key, verdict, { externalId, signal }));
  },
  async delete({ task, allow_missing: allowMissing }, signal) {
    await its().task(task).delete({ allowMissing, signal });
    return {};
  },
  plan: async ({ task }, signal) => telling.plan(await its().task(task).rollbackPlan({ signal })),
  ledger: async ({ task }, signal) => collect(its().task(task).ledger({ signal }), telling.entry),
  events: async ({ task }, signal) => collect(its().task(task).events({ signal }), telling.event),
  schedule_create: async ({ schedule, cron, time_zone, script, params }, signal) => {
    const wished = { task: { script, params }, timing: { case: /** @type {const} */ ("cron"), value: cron }, timeZone: time_zone ?? "" };
    return telling.schedule(await its().createSchedule(schedule, wished, { signal }));
  },
  schedule_get: async ({ schedule }, signal) => telling.schedule(await its().schedule(schedule, { signal })),
  schedule_list: async (_, signal) => collect(its().schedules({ signal }), telling.schedule),
  schedule_pause: async ({ schedule }, signal) => telling.schedule(await its().pauseSchedule(schedule, { signal })),
  schedule_resume: async ({ schedule }, signal) => telling.schedule(await its().resumeSchedule(schedule, { signal })),
  schedule_run: async ({ schedule }, signal) => telling.task(known((await its().runSchedule(schedule, { signal })).task)),
  schedule_delete: async ({ schedule }, signal) => {
    await its().deleteSchedule(schedule, { signal });
    return {};
  },
  price: async ({ provider, sku, region, unit, source }, signal) =>
    telling.price(await its().price(provider, sku, { region, unit, source, signal })),
  async estimate({ script, params }, signal) {
    const { hourly, unpriced } = await its().estimate(script, params, { signal });
    return { hourly: hourly.map(telling.money), unpriced };
  },
  whoami: async (_, signal) => telling.caller(await its().caller({ signal })),
  async count({ task }, signal) {
    let events = 0;
    for await (const _ of its().task(task).watch({ signal })) events++;
    return { events };
  },
  price_history: async ({ provider, sku }, signal) =>
    (await its().priceHistory(provider, sku, { signal })).map(({ price }) => telling.amount(price)),
  price_changes: ({ catalog }, signal) => collect(its().priceChanges(catalog, { signal }), telling.change),
  budgets: async (_, signal) => (await its().budgets({ signal })).map(telling.budget),
  async leftovers({ by }, signal) {
    const { groups, total } = await its().leftovers(by, { signal });
    return { groups: groups.map(telling.group), total: total && telling.group(total) };
  },
  json: async ({ task }, signal) => telling.json(await its().task(task).get({ signal })),
};

/**
 * @template T, U
 * @param {AsyncIterable<T>} values
 * @param {(value: T) => U} tell
 */
async function collect(values, tell) {
  const told = [];
  for await (const value of values) told.push(tell(value));
  return told;
}

/**
 * @template T
 * @param {T | undefined} value
 */
function known(value) {
  if (value === undefined) throw new Error("what is submitted is told");
  return value;
}

/** @type {Map<number, AbortController>} */
const running = new Map();

/** @param {{ id: number, op: string, args?: Args }} request */
async function answer({ id, op, args = {} }) {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const operation = OPERATIONS[op];
    if (!operation) throw new TypeError(`no such operation: ${op}`);
    const asked = operation(args ?? {}, controller.signal);
    if (typeof asked === "object" && asked !== null && Symbol.asyncIterator in asked) {
      const told = /** @type {AsyncIterable<import("../../../typescript/dist/src/index.js").WatchEvent>} */ (asked);
      for await (const event of told) write({ id, event: telling.event(event) });
      write({ id, value: {} });
    } else {
      write({ id, value: await asked });
    }
  } catch (error) {
    write(error instanceof Stopped ? { id, value: { stopped: true } } : { id, error: telling.error(error) });
  } finally {
    running.delete(id);
  }
}

/** @param {object} line */
function write(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim()) void answer(JSON.parse(line));
}
for (const controller of running.values()) controller.abort(new Stopped());
client?.close();
