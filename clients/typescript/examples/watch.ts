// Creates a task and prints its events, each once, over connections that it breaks itself; of a task that stops half-way
// it prints where that leaves us. To run it: node dist/examples/watch.js HOST:PORT SCRIPT '{"param": "value"}'
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { PartialFailureAction, ResourceState } from "@wharfinger/client";
import { TaskService, TaskState, type Task, type TaskEvent } from "@wharfinger/client";

const [server, script, params] = process.argv.slice(2);
if (!server || !script || !params) {
  console.error("usage: watch HOST:PORT SCRIPT PARAMS-AS-JSON");
  process.exit(2);
}
// With a requestId, asking again gives the same task.
const request = {
  parent: "projects/default",
  requestId: crypto.randomUUID(),
  task: { script, params: JSON.parse(params) },
};

function describe({ detail }: TaskEvent): string {
  switch (detail.case) {
    case "stateChange":
      return TaskState[detail.value.state];
    case "resource":
      return `${ResourceState[detail.value.state]} ${detail.value.key}`;
    case "error":
      return detail.value.message;
    default:
      return detail.value?.text ?? "";
  }
}

/** Prints the events after a sequence until so many messages have come, or the task is at rest. */
async function watch(client: Client<typeof TaskService>, task: Task, sequence: bigint, messages: number) {
  for await (const message of client.watchTask({ name: task.name, afterSequence: sequence })) {
    const { kind } = message;
    if (kind.case === "snapshot") task = kind.value;
    if (kind.case === "events") {
      for (const event of kind.value.events) console.log(`event ${event.sequence} ${describe(event)}`);
    }
    sequence = message.sequence;
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

console.log(`ended ${task.name} ${TaskState[task.state]} ${task.error?.message ?? ""}`);
const half = task.partialFailure;
if (half) {
  console.log(`failed step "${half.failedStep}", retryable ${half.retryable}, left over ${half.leftOverCount}`);
  for (const { state, key, type, externalId, error } of half.leftOver) {
    console.log(`left over ${ResourceState[state]} ${key} ${type} ${externalId} ${error?.message ?? ""}`);
  }
  console.log(`not attempted [${half.notAttempted.join(" ")}]`);
  console.log(`allowed [${half.allowedActions.map((action) => PartialFailureAction[action]).join(" ")}]`);
  const costs = half.cost?.knownHourly.map(({ amount, currencyCode }) => `${amount} ${currencyCode}`) ?? [];
  console.log(`costs [${costs.join(" ")}] unpriced ${half.cost?.unpriced ?? 0} uncertain ${half.cost?.uncertain ?? 0}`);
}
