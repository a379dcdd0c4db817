import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { connect, Invalid, Refused, Unreachable } from "@wharfinger/client/web";
import { TaskService, TaskState } from "@wharfinger/client/v1";
import { all, events, refusal, snapshot, taskIn } from "./gateway.js";

for (const json of [false, true]) {
  test(`over HTTP/1.1 by ${json ? "JSON" : "binary messages"}: tasks that failed, refusals and a cut watch`, async (t) => {
    let asked = 0;
    const failed = taskIn(TaskState.FAILED, {
      lastSequence: 2n,
      failure: { message: "no room", metadata: { k: "v" } },
    });
    const tasks = {
      getTask: () => failed,
      cancelTask: () => Promise.reject(refusal(Code.FailedPrecondition, "STATE_FORBIDS")),
      async *watchTask({ afterSequence }: { afterSequence: bigint }) {
        yield snapshot(taskIn(TaskState.RUNNING), Number(afterSequence));
        yield events(Number(afterSequence) + 1);
        if (++asked === 1) {
          server.closeAllConnections();
          await new Promise((resolve) => setTimeout(resolve, 1_000).unref());
        }
        yield snapshot(failed, 2);
      },
    };
    const routes = connectNodeAdapter({ routes: (router) => void router.service(TaskService, tasks) });
    const server = createServer(routes).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = connect({ baseUrl, json, patienceMs: 500 });
    assert.equal((await client.task("one").get()).failure?.metadata["k"], "v");
    await assert.rejects(client.task("one").cancel(), (error) => {
      return error instanceof Refused && error.reason === "STATE_FORBIDS" && error.metadata["limit"] === "3";
    });
    const told = await all(client.task("one").watch());
    assert.deepEqual(
      told.filter(({ kind }) => kind === "log").map(({ sequence }) => sequence),
      [1, 2],
    );
    server.close();
    server.closeAllConnections();
    await assert.rejects(client.task("one").get(), Unreachable);
    t.after(() => client.close());
  });
}

test("a token goes nowhere unencrypted but to this machine, and a page's own origin is taken where there is one", () => {
  assert.throws(() => connect({ baseUrl: "http://there.example", token: "t" }), Invalid);
  connect({ baseUrl: "http://localhost:1", token: "t" });
  assert.throws(() => connect(), /say where the gateway is/);
});
