import assert from "node:assert/strict";
import { createServer as createHttp1 } from "node:http";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createTcp, type AddressInfo, type Server } from "node:net";
import { test, type TestContext } from "node:test";
import type { ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { connect, Unreachable } from "@wharfinger/client/node";
import { TaskService, TaskState } from "@wharfinger/client/v1";
import { VERSION } from "../src/version.js";
import { all, events, silence, snapshot, taskIn } from "./gateway.js";

/** Listens for the time of a test, and returns where. */
async function listening(t: TestContext, server: Server | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A gRPC server on loopback, and the connections that are open to it. */
async function serving(t: TestContext, tasks: Partial<ServiceImpl<typeof TaskService>>) {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer(connectNodeAdapter({ routes: (router) => void router.service(TaskService, tasks) }));
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.on("close", () => sessions.delete(session));
  });
  t.after(() => sessions.forEach((session) => session.destroy()));
  return { address: await listening(t, server), sessions };
}

test("each call carries the token and who calls, over one connection", async (t) => {
  const told: (string | null)[][] = [];
  const { address, sessions } = await serving(t, {
    getTask(_, { requestHeader }) {
      told.push(["authorization", "user-agent"].map((name) => requestHeader.get(name)));
      return taskIn(TaskState.QUEUED);
    },
  });
  const client = connect({ server: address, token: "t0k3n" });
  await Promise.all([client.task("one").get(), client.task("one").get()]);
  assert.deepEqual(told, Array(2).fill(["Bearer t0k3n", `wharfinger-typescript/${VERSION}`]));
  assert.equal(sessions.size, 1);
  client.close();
});

test("a watch goes on over a new connection when its own is torn", async (t) => {
  let asked = 0;
  const { address, sessions } = await serving(t, {
    async *watchTask({ afterSequence }) {
      yield snapshot(taskIn(TaskState.RUNNING), Number(afterSequence));
      yield events(Number(afterSequence) + 1);
      if (++asked < 3) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        sessions.forEach((session) => session.socket.resetAndDestroy());
        await new Promise((resolve) => setTimeout(resolve, 5_000).unref());
      }
      yield snapshot(taskIn(TaskState.SUCCEEDED, { lastSequence: 3n }), 3);
    },
  });
  const client = connect({ server: address });
  const told = await all(client.task("one").watch());
  assert.deepEqual(
    told.filter(({ kind }) => kind === "log").map(({ sequence }) => sequence),
    [1, 2, 3],
  );
  client.close();
});

test("an answer over 16 MiB is refused, and asked for once", async (t) => {
  let asked = 0;
  const { address } = await serving(t, {
    getTask() {
      asked++;
      return taskIn(TaskState.QUEUED, { labels: { large: "x".repeat(17 * 1024 * 1024) } });
    },
  });
  const client = connect({ server: address });
  await assert.rejects(client.task("one").get(), /RESOURCE_EXHAUSTED/);
  assert.equal(asked, 1);
  client.close();
});

test("what is wrong with a connection is told in words, with what to do", async (t) => {
  const { address } = await serving(t, {});
  const pages = await listening(
    t,
    createHttp1((_, response) => void response.end("hello")),
  );
  const closing = await listening(
    t,
    createTcp((socket) => void socket.destroy()),
  );
  for (const [server, words] of [
    [`https://${address}`, /what listens there does not speak TLS; without TLS it is http:\/\/127/],
    [pages, /what listens there is no gRPC server; see to the port/],
    [closing, /the connection was closed; it was spoken to without TLS; if it speaks TLS it is https:\/\/127/],
    ["127.0.0.1:1", /no answer from the server at 127.0.0.1:1: nothing listens there/],
    ["unix:/nowhere.sock", /nothing listens there/],
  ] as const) {
    let tries = 0;
    const client = connect({ server, patienceMs: 300, onRetry: () => tries++ });
    for (const ask of [
      () => client.task("one").get(),
      () => all(client.task("one").watch()),
      () => client.task("one").result(),
    ]) {
      await assert.rejects(ask, (error) => error instanceof Unreachable && words.test(error.message));
    }
    assert(tries < 15, `${server}: ${tries} tries`);
    client.close();
  }
});

test("a listener that says nothing is given up within a quarter of a minute", async (t) => {
  const sockets = new Set<{ destroy(): void }>();
  const mute = await listening(
    t,
    createTcp((socket) => void sockets.add(socket)),
  );
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  const began = performance.now();
  const client = connect(mute);
  await assert.rejects(all(client.task("one").watch()), /what listens there says nothing; see to the port/);
  assert(performance.now() - began < 15_000);
  client.close();
});

test("a closed client ends what is under way, and takes nothing new", async (t) => {
  const { address } = await serving(t, {
    async *watchTask(_, { signal }) {
      yield snapshot(taskIn(TaskState.RUNNING), 0);
      await silence(signal);
    },
  });
  const client = connect(address);
  setTimeout(() => client.close(), 100);
  await assert.rejects(all(client.task("one").watch()), /this client is closed/);
  await assert.rejects(client.task("one").get(), /this client is closed/);
});
