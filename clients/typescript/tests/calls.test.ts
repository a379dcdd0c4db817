import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { Refused, Unreachable } from "@wharfinger/client";
import { TaskState } from "@wharfinger/client/v1";
import { translated } from "../src/status.js";
import { clientOf, NAME, refusal, silence, taskIn } from "./gateway.js";

test("a submit whose answer is lost is sent again under the same request id", async () => {
  const ids: string[] = [];
  const client = clientOf({
    createTask({ requestId }) {
      ids.push(requestId);
      // What a killed server looks like in Node.
      if (ids.length < 3) throw new ConnectError("http/2 stream closed with error code CANCEL (0x8)", Code.Canceled);
      return taskIn(TaskState.QUEUED);
    },
  });
  const handle = await client.submit("test");
  assert.equal(handle.name, NAME);
  assert.equal(ids.length, 3);
  assert.equal(new Set(ids).size, 1);
  assert.match(ids[0]!, /^[0-9a-f]{32}$/);
});

test("a caller's own request id is kept, and told where no answer came", async () => {
  const client = clientOf(
    { createTask: () => Promise.reject(new ConnectError("gone", Code.Unavailable)) },
    { patienceMs: 300 },
  );
  await assert.rejects(client.submit("test", {}, { requestId: "mine" }), (error) => {
    assert(error instanceof Unreachable);
    assert.equal(error.requestId, "mine");
    assert.equal(error.code, "UNAVAILABLE");
    assert.match(error.message, /no answer from the server at the test: gone/);
    return true;
  });
});

test("what the server's own table says passes is asked again, not before the time that it names", async () => {
  const times: number[] = [];
  const client = clientOf({
    getTask() {
      times.push(performance.now());
      if (times.length === 1) throw refusal(Code.Unavailable, "DATABASE_BUSY", 300);
      return taskIn(TaskState.QUEUED);
    },
  });
  await client.task("one").get();
  assert(times[1]! - times[0]! >= 300, `asked again after ${times[1]! - times[0]!} ms`);
});

test("what the table says does not pass is asked once, whatever its code", async () => {
  for (const [code, reason] of [
    [Code.ResourceExhausted, "QUOTA_EXCEEDED"],
    [Code.Unavailable, "NOT_SENT"],
    [Code.NotFound, "TASK_NOT_FOUND"],
  ] as const) {
    let asked = 0;
    const client = clientOf({
      getTask() {
        asked++;
        throw refusal(code, reason);
      },
    });
    await assert.rejects(client.task("one").get(), (error) => {
      assert(error instanceof Refused);
      assert.equal(error.reason, reason);
      assert.equal(error.retryable, false);
      assert.deepEqual(error.metadata, { limit: "3" });
      return true;
    });
    assert.equal(asked, 1);
  }
});

test("a newer server's reason is asked again where it says when", async () => {
  let asked = 0;
  const client = clientOf({
    getTask() {
      if (++asked === 1) throw refusal(Code.ResourceExhausted, "OF_NEXT_YEAR", 10);
      return taskIn(TaskState.QUEUED);
    },
  });
  await client.task("one").get();
  assert.equal(asked, 2);
});

test("a status without details is told soon, with its code and no reason", async () => {
  for (const [code, word, tries] of [
    [Code.PermissionDenied, "PERMISSION_DENIED", 1],
    [Code.Internal, "INTERNAL", 4],
  ] as const) {
    let asked = 0;
    const client = clientOf({
      getTask() {
        asked++;
        throw new ConnectError("no details", code);
      },
    });
    await assert.rejects(client.task("one").get(), (error) => {
      assert(error instanceof Refused);
      assert.deepEqual([error.code, error.reason], [word, ""]);
      assert.equal(error.message, `no details [${word}]`);
      return true;
    });
    assert.equal(asked, tries);
  }
});

test("a server that never answered is given up within five seconds, without being pestered", async () => {
  let asked = 0;
  const client = clientOf({
    getTask() {
      asked++;
      throw new ConnectError("gone", Code.Unavailable);
    },
  });
  const began = performance.now();
  await assert.rejects(client.task("one").get(), Unreachable);
  assert(asked >= 3 && asked < 30, `asked ${asked} times`);
  assert(performance.now() - began < 5_500);
});

test("an aborted call throws the signal's own reason, at once and also between tries", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const hanging = clientOf({ getTask: (_, { signal }) => silence(signal) });
  const call = hanging.task("one").get({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  await assert.rejects(hanging.task("one").get({ signal: controller.signal }), (error) => error === reason);
  const between = new AbortController();
  const away = clientOf(
    { getTask: () => Promise.reject(new ConnectError("gone", Code.Unavailable)) },
    { onRetry: () => between.abort(reason) },
  );
  await assert.rejects(away.task("one").get({ signal: between.signal }), (error) => error === reason);
});

test("a reset of Node's is a lost connection, though it comes as ABORTED; one of the server's own is not", () => {
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  assert(
    translated(new ConnectError("read ECONNRESET", Code.Aborted, undefined, undefined, reset), "x") instanceof
      Unreachable,
  );
  assert(translated(refusal(Code.Aborted, "ETAG_MISMATCH"), "x") instanceof Refused);
  assert(translated(new ConnectError("no details", Code.Aborted), "x") instanceof Refused);
});
