import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toJson, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  Invalid,
  PartialFailure,
  Refused,
  RolledBack,
  TaskCancelled,
  TaskFailed,
  TimedOut,
  Unreachable,
  type Outcome,
} from "@wharfinger/client";
import {
  LedgerEntryState,
  PartialFailureAction,
  TaskSchema,
  TaskState,
  type LedgerEntrySchema,
} from "@wharfinger/client/v1";
import { clientOf, refusal, taskIn } from "./gateway.js";

test("a result is what the script returned, and a parser's word is final", async () => {
  const client = clientOf({ waitTask: () => taskIn(TaskState.SUCCEEDED, { result: { steps: 3, names: ["ä"] } }) });
  assert.deepEqual(await client.task("one").result(), { steps: 3, names: ["ä"] });
  const steps: number = await client.task("one").result({ parse: (value) => (value as { steps: number }).steps });
  assert.equal(steps, 3);
  const schema = { word: "schema", parse: (value: unknown) => [schema.word, value] };
  assert.deepEqual(await client.task("one").result({ parse: schema }), ["schema", { steps: 3, names: ["ä"] }]);
});

test("waiting outlives a server that goes away, and early answers", async () => {
  let asked = 0;
  const client = clientOf({
    waitTask() {
      asked++;
      if (asked === 1) return taskIn(TaskState.RUNNING);
      if (asked < 4) throw new ConnectError("gone", Code.Unavailable);
      return taskIn(TaskState.SUCCEEDED);
    },
  });
  assert.deepEqual(await client.task("one").result(), {});
  assert.equal(asked, 4);
});

test("a wait ends in its time", async () => {
  const client = clientOf({ waitTask: () => taskIn(TaskState.RUNNING) });
  await assert.rejects(
    client.task("one").result({ timeoutMs: 120 }),
    (error) => error instanceof TimedOut && /within 0.12 seconds: it is RUNNING/.test(error.message),
  );
});

test("each end has its error", async () => {
  for (const [state, kind] of [
    [TaskState.FAILED, TaskFailed],
    [TaskState.CANCELLED, TaskCancelled],
    [TaskState.ROLLED_BACK, RolledBack],
    [99 as TaskState, TaskFailed],
  ] as const) {
    const failure = { code: 9, reason: "NO_ROOM", message: "no room" };
    const client = clientOf({ waitTask: () => taskIn(state, { failure }) });
    await assert.rejects(client.task("one").result(), (error) => {
      assert(error instanceof TaskFailed);
      assert.equal(error.constructor, kind);
      assert.equal(error.name, kind.name);
      assert.match(error.message, /no room \[NO_ROOM\]/);
      assert.equal(error.failure?.reason, "NO_ROOM");
      return true;
    });
  }
});

type Entry = MessageInitShape<typeof LedgerEntrySchema>;

test("a partial failure tells all leftovers, beyond those that the task lists", async () => {
  const states = [
    LedgerEntryState.CREATED,
    LedgerEntryState.UNCERTAIN,
    LedgerEntryState.UNDONE,
    LedgerEntryState.UNDO_FAILED,
  ];
  const entries: Entry[] = Array.from({ length: 250 }, (_, index) => ({
    key: `node/${index}`,
    owned: index % 5 !== 0,
    state: states[index % 4]!,
  }));
  const partialFailure = {
    leftOver: entries.slice(0, 100),
    totalLeftOver: 150,
    notAttempted: ["node/last"],
    failedStep: "nodes",
    allowedActions: [PartialFailureAction.RESUME, PartialFailureAction.ROLL_BACK, 9 as PartialFailureAction],
    cost: { knownHourly: [{ amount: "0.125", currencyCode: "USD" }], unpriced: 2 },
  };
  const client = clientOf({
    waitTask: () =>
      taskIn(TaskState.PARTIALLY_FAILED, { partialFailure, failure: { message: "no room", metadata: { k: "v" } } }),
    listLedgerEntries({ pageToken }) {
      const from = Number(pageToken);
      return { entries: entries.slice(from, from + 70), nextPageToken: from + 70 < 250 ? String(from + 70) : "" };
    },
  });
  await assert.rejects(client.task("one").result(), (error) => {
    assert(error instanceof PartialFailure);
    const [created, uncertain] = [LedgerEntryState.CREATED, LedgerEntryState.UNDO_FAILED].map(
      (state) => entries.filter((one) => one.owned && one.state === state).length,
    );
    assert.equal(error.created.length, created! + uncertain!);
    assert.equal(
      error.uncertain.length,
      entries.filter((one) => one.owned && one.state === LedgerEntryState.UNCERTAIN).length,
    );
    assert.deepEqual(error.notAttempted, ["node/last"]);
    assert.deepEqual(error.allowedActions, ["RESUME", "ROLL_BACK"]);
    assert.equal(error.cost?.knownHourly[0]?.amount, "0.125");
    assert.match(
      error.message,
      /in step nodes: no room\n  exists: node\/3 [^]*\n  exists: \d+ more\n[^]*never begun: node\/last[^]*0\.125 USD, and what has no known price[^]*RESUME, ROLL_BACK/,
    );
    // No registry is needed to write such a task as JSON.
    const json = toJson(TaskSchema, error.task) as { failure: { metadata: unknown } };
    assert.deepEqual(json.failure.metadata, { k: "v" });
    return true;
  });
});

test("a batch tells each outcome in its place, in calls of a thousand at most", async () => {
  const sizes: number[] = [];
  const client = clientOf({
    batchCreateTasks({ requests }) {
      sizes.push(requests.length);
      const status = { code: 5, message: "no such script" };
      return {
        outcomes: requests.map(({ task }) => ({
          outcome:
            task?.script === "bad"
              ? { case: "error", value: status }
              : { case: "task", value: create(TaskSchema, { name: `projects/default/tasks/${task?.labels["n"]}` }) },
        })),
      };
    },
  });
  const outcomes = await client.batch(
    Array.from({ length: 1500 }, (_, n) => ({ script: n === 3 ? "bad" : "good", labels: { n: String(n) } })),
  );
  assert.deepEqual(sizes, [1000, 500]);
  const told = (one: Outcome) => (one.status === "fulfilled" ? one.value.name : one.reason.message);
  assert.equal(told(outcomes[1499]!), "projects/default/tasks/1499");
  assert.equal(told(outcomes[3]!), "no such script [NOT_FOUND]");
});

test("a batch that is refused as a whole is refused for each; one without an answer names each request id", async () => {
  const refused = clientOf({
    batchCreateTasks: () => Promise.reject(refusal(Code.PermissionDenied, "PERMISSION_DENIED")),
  });
  const [first] = await refused.batch([{ script: "a" }, { script: "b" }]);
  assert(first?.status === "rejected" && first.reason instanceof Refused);
  const away = clientOf(
    { batchCreateTasks: () => Promise.reject(new ConnectError("gone", Code.Unavailable)) },
    { patienceMs: 100 },
  );
  const [one] = await away.batch([{ script: "a", requestId: "mine" }]);
  assert(one?.status === "rejected" && one.reason instanceof Unreachable && one.reason.requestId === "mine");
});

test("params that would be lost or changed on the way are refused with their path, and nothing is sent", async () => {
  const client = clientOf({ createTask: () => assert.fail("it was sent") });
  const within: { self?: unknown } = {};
  within.self = within;
  for (const [params, field] of [
    [{ a: [1, Number.NaN] }, "task.params.a[1]"],
    [{ a: { b: 2 ** 53 } }, "task.params.a.b"],
    [{ a: 5123456789012345679n }, "task.params.a"],
    [{ a: () => 1 }, "task.params.a"],
    [{ a: "\ud800" }, "task.params.a"],
    [{ a: new Map() }, "task.params.a"],
    [[1], "task.params"],
    [within, `task.params${".self".repeat(101)}`],
  ] as const) {
    await assert.rejects(client.submit("test", params), (error) => {
      assert(error instanceof Invalid);
      assert.deepEqual(
        error.violations.map((one) => one.field),
        [field],
      );
      return true;
    });
  }
  await assert.rejects(
    client.submit("test", {}, { policy: { onFailure: "KEP" as "KEEP" } }),
    /task.policy.onFailure: is "KEP"; give KEEP or ROLL_BACK/,
  );
});

test("params go as JSON has them, and a policy in its own units", async () => {
  const client = clientOf({
    createTask({ task }) {
      assert.deepEqual(task?.params, { at: "2026-12-01T00:00:00.000Z", n: 7, s: "ä😀", list: [null, true] });
      assert.deepEqual([task.policy?.attemptTimeout?.seconds, task.policy?.attemptTimeout?.nanos], [1n, 500_000_000]);
      assert.deepEqual(
        [task.policy?.maxLostAttempts, task.policy?.onCancel, task.policy?.maxHourlyCost?.amount],
        [0, 2, "0.10"],
      );
      return taskIn(TaskState.QUEUED);
    },
  });
  await client.submit(
    "test",
    { at: new Date("2026-12-01"), n: 7n, s: "ä😀", list: [null, true], gone: undefined },
    {
      policy: {
        attemptTimeoutMs: 1500,
        maxLostAttempts: 0,
        onCancel: "ROLL_BACK",
        maxHourlyCost: { amount: "0.10", currency: "USD" },
      },
    },
  );
});
