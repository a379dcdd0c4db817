import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { Refused, Unreachable, type WatchEvent } from "@wharfinger/client";
import { TaskState, type WatchTaskRequest } from "@wharfinger/client/v1";
import { all, clientOf, events, NAME, refusal, silence, snapshot, taskIn } from "./gateway.js";

const RUNNING = taskIn(TaskState.RUNNING);

function numbers(told: WatchEvent[]): number[] {
  return told.filter(({ kind }) => kind !== "snapshot").map(({ sequence }) => sequence);
}

test("a cut stream is opened again after the last event, and each event comes once", async () => {
  const asked: WatchTaskRequest[] = [];
  const done = taskIn(TaskState.SUCCEEDED, { lastSequence: 5n });
  const client = clientOf({
    async *watchTask(request) {
      asked.push(request);
      yield snapshot(RUNNING, Number(request.afterSequence));
      if (asked.length === 1) {
        yield events(1, 2);
        throw new ConnectError("http/2 stream closed with error code CANCEL (0x8)", Code.Canceled);
      }
      // Told twice, by a server that knows no better.
      if (asked.length === 2) {
        yield events(2, 3, 4);
        throw new ConnectError("gone", Code.Unavailable);
      }
      yield events(5);
      yield snapshot(done, 5);
    },
  });
  const told = await all(client.task("one").watch());
  assert.deepEqual(numbers(told), [1, 2, 3, 4, 5]);
  assert.deepEqual(
    asked.map(({ afterSequence }) => afterSequence),
    [0n, 2n, 4n],
  );
  assert.deepEqual(
    asked.map(({ resumeToken }) => [...resumeToken]),
    [[], [2], [4]],
  );
  const [first, last] = [told[0], told.at(-1)];
  assert(first?.kind === "snapshot" && !first.final && first.state === "RUNNING");
  assert(last?.kind === "snapshot" && last.final && last.state === "SUCCEEDED");
});

test("missing events are asked for again by the number alone; a server that always leaves them out is at fault", async () => {
  const asked: WatchTaskRequest[] = [];
  const client = clientOf({
    async *watchTask(request) {
      asked.push(request);
      yield snapshot(RUNNING, Number(request.afterSequence));
      if (asked.length === 1) yield events(1, 3);
      else if (asked.length === 2) yield events(2, 3);
      else yield events(9);
    },
  });
  const told: number[] = [];
  await assert.rejects(
    async () => {
      for await (const event of client.task("one").watch()) if (event.kind === "log") told.push(event.sequence);
    },
    (error) => error instanceof Refused && /event 9 after 3 each time/.test(error.message),
  );
  assert.deepEqual(told, [1, 2, 3]);
  assert.deepEqual([...asked[1]!.resumeToken], []);
  assert.equal(asked[1]!.afterSequence, 1n);
});

test("three missed heartbeats are a dead line: the watch goes on by another connection", async () => {
  let asked = 0;
  let renewed = 0;
  const client = clientOf(
    {
      async *watchTask({ heartbeatInterval, afterSequence }, { signal }) {
        assert.equal(heartbeatInterval?.nanos, 50_000_000);
        yield snapshot(RUNNING, Number(afterSequence));
        if (++asked === 1) {
          yield events(1);
          await silence(signal);
        }
        yield events(2);
        yield snapshot(taskIn(TaskState.SUCCEEDED, { lastSequence: 2n }), 2);
      },
    },
    { renew: () => renewed++ },
  );
  const began = performance.now();
  assert.deepEqual(numbers(await all(client.task("one").watch({ heartbeatMs: 50 }))), [1, 2]);
  assert.equal(renewed, 1);
  assert(performance.now() - began >= 150);
});

test("heartbeats keep a quiet watch alive", async () => {
  let opened = 0;
  const client = clientOf({
    async *watchTask() {
      opened++;
      yield snapshot(RUNNING, 0);
      for (let beat = 0; beat < 8; beat++) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        yield { kind: { case: "heartbeat", value: { caughtUp: true } } };
      }
      yield events(1);
      yield snapshot(taskIn(TaskState.SUCCEEDED, { lastSequence: 1n }), 1);
    },
  });
  assert.deepEqual(numbers(await all(client.task("one").watch({ heartbeatMs: 30 }))), [1]);
  assert.equal(opened, 1);
});

test("WATCH_LIMIT is waited out for as long as the server says", async () => {
  const times: number[] = [];
  const client = clientOf({
    async *watchTask() {
      times.push(performance.now());
      if (times.length < 3) throw refusal(Code.ResourceExhausted, "WATCH_LIMIT", 200);
      yield snapshot(taskIn(TaskState.FAILED), 0);
      yield snapshot(taskIn(TaskState.FAILED), 0);
    },
  });
  const told = await all(client.task("one").watch());
  assert.equal(told.at(-1)?.kind, "snapshot");
  assert(times[1]! - times[0]! >= 200 && times[2]! - times[1]! >= 200);
});

test("what will not pass ends the watch at once", async () => {
  const client = clientOf({
    async *watchTask() {
      throw refusal(Code.OutOfRange, "RESUME_TOKEN_TOO_OLD");
    },
  });
  await assert.rejects(
    all(client.task("one").watch()),
    (error) => error instanceof Refused && error.reason === "RESUME_TOKEN_TOO_OLD",
  );
});

test("a server that was never heard is given up; one that was is waited for", async () => {
  const away = clientOf(
    {
      async *watchTask() {
        throw new ConnectError("gone", Code.Unavailable);
      },
    },
    { patienceMs: 300 },
  );
  const began = performance.now();
  await assert.rejects(all(away.task("one").watch()), Unreachable);
  assert(performance.now() - began < 2_000);
  let asked = 0;
  const back = clientOf(
    {
      async *watchTask() {
        if (++asked === 1) yield snapshot(RUNNING, 0);
        if (asked < 6) throw new ConnectError("gone", Code.Unavailable);
        yield snapshot(RUNNING, 0);
        yield snapshot(taskIn(TaskState.SUCCEEDED), 0);
      },
    },
    { patienceMs: 300 },
  );
  const told = await all(back.task("one").watch());
  assert.equal(told.length, 2);
});

test("states and events of a newer server are told as unknown, and end_time ends the watch", async () => {
  const strange = taskIn(77 as TaskState, { lastSequence: 1n });
  const client = clientOf({
    async *watchTask() {
      yield snapshot(RUNNING, 0);
      yield {};
      yield { kind: { case: "events", value: { events: [{ task: NAME, sequence: 1n }] } }, sequence: 1n };
      yield snapshot(strange, 1);
    },
  });
  const told = await all(client.task("one").watch());
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["snapshot", "unknown", "snapshot"],
  );
  const last = told.at(-1);
  assert(last?.kind === "snapshot" && last.state === "UNKNOWN" && last.final);
});

test("an aborted watch throws the signal's reason, also while nothing comes; leaving the loop hangs up", async () => {
  let hungUp = 0;
  const client = clientOf({
    async *watchTask(_, { signal }) {
      signal.addEventListener("abort", () => hungUp++);
      yield snapshot(RUNNING, 0);
      await silence(signal);
    },
  });
  const reason = new Error("enough");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  await assert.rejects(all(client.task("one").watch({ signal: controller.signal })), (error) => error === reason);
  for await (const event of client.task("one").watch()) {
    assert.equal(event.kind, "snapshot");
    break;
  }
  assert.equal(hungUp, 2);
});

test("a project's watch goes on by the last token, and only a message's last event has it", async () => {
  const tokens: number[][] = [];
  const client = clientOf({
    async *watchTasks({ resumeToken, parent, filter }) {
      assert.deepEqual([parent, filter], ["projects/default", 'script = "test"']);
      tokens.push([...resumeToken]);
      const { kind } = events(1, 2);
      if (tokens.length === 1) {
        yield { kind: { case: "snapshot", value: RUNNING }, resumeToken: new Uint8Array([7]) };
        yield { kind: kind as never, resumeToken: new Uint8Array([8]) };
        throw new ConnectError("gone", Code.Unavailable);
      }
      yield {
        kind: { case: "progress", value: { task: NAME, progress: { message: "half" } } },
        resumeToken: new Uint8Array([9]),
      };
    },
  });
  const told: WatchEvent[] = [];
  for await (const event of client.watchProject({ filter: 'script = "test"' })) {
    told.push(event);
    if (told.length === 4) break;
  }
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["snapshot", "log", "log", "progress"],
  );
  assert.deepEqual(
    told.map(({ resumeToken }) => [...(resumeToken ?? [])]),
    [[7], [7], [8], [9]],
  );
  assert.deepEqual(tokens, [[], [8]]);
});
