// Creates a task and prints its events, each once, over connections that it breaks itself; of a task that stops half-way it
// prints where that leaves us. For example: node dist/examples/watch.js 127.0.0.1:7480 SCRIPT '{"param": "value"}'
import { toJsonString } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { LeftoverCostSchema, PartialFailureAction, PartialFailureSchema } from "@wharfinger/client";
import { ResourceState, TaskService, TaskState, type Task } from "@wharfinger/client";

const [server, script, params] = process.argv.slice(2);
if (!server || !script || !params) throw new Error("usage: watch HOST:PORT SCRIPT PARAMS-AS-JSON");
// With a requestId, asking again gives the same task.
const request = { parent: "projects/default", requestId: crypto.randomUUID(), task: { script, params: JSON.parse(params) } };

/** Prints the events after a sequence until so many messages have come, or the task is at rest. */
async function watch(client: Client<typeof TaskService>, task: Task, sequence: bigint, messages: number) {
  for await (const { kind, sequence: told } of client.watchTask({ name: task.name, afterSequence: sequence })) {
    if (kind.case === "snapshot") task = kind.value;
    for (const { sequence: number, detail } of kind.case === "events" ? kind.value.events : []) {
      if (detail.case === "stateChange") console.log(`event ${number} ${TaskState[detail.value.state]}`);
      if (detail.case === "resource") console.log(`event ${number} ${ResourceState[detail.value.state]} ${detail.value.key}`);
      if (detail.case === "error") console.log(`event ${number} ${detail.value.message}`);
      if (detail.case === "log") console.log(`event ${number} ${detail.value.text}`);
    }
    sequence = told;
    if (--messages === 0) return { task, sequence, ended: false };
  }
  return { task, sequence, ended: true };
}

let task: Task, sequence = 0n, messages = 1, ended = false;
do {
  messages *= 2;
  const baseUrl = `http://${server}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const client = createClient(TaskService, createGrpcTransport({ baseUrl, sessionManager }));
  ({ task, sequence, ended } = await watch(client, await client.createTask(request), sequence, messages));
  if (!ended) console.log(`hung up after ${sequence}`);
  sessionManager.abort();
} while (!ended);

console.log(`ended ${TaskState[task.state]} ${task.error?.message ?? ""}`);
for (const detail of task.error?.details ?? []) {
  const half = anyUnpack(detail, PartialFailureSchema);
  if (!half) continue;
  console.log(`failed step "${half.failedStep}", retryable ${half.retryable}, left over ${half.leftOverCount}`);
  for (const { state, key, type, externalId, error } of half.leftOver) {
    console.log(`left over ${ResourceState[state]} ${key} ${type} ${externalId} ${error?.message ?? ""}`);
  }
  console.log(`not attempted ${half.notAttempted}`);
  console.log(`allowed ${half.allowedActions.map((action) => PartialFailureAction[action])}`);
  if (half.cost) console.log(`cost ${toJsonString(LeftoverCostSchema, half.cost)}`);
}
