// Submits a task and prints its events, each once, though it hangs up and comes back again and again; of a task that
// stops half-way it prints where that leaves us. To run it: node dist/examples/watch.js HOST:PORT SCRIPT '{"param":
// "value"}'
import { connect, entryState, PartialFailure, taskState, TaskFailed, type WatchEvent } from "@wharfinger/client/node";

const [server, script, params] = process.argv.slice(2);
if (!server || !script || !params) {
  console.error("usage: watch HOST:PORT SCRIPT PARAMS-AS-JSON");
  process.exit(2);
}

function describe(event: WatchEvent): string {
  switch (event.kind) {
    case "state":
      return event.state;
    case "entry":
      return `${event.state} ${event.key}`;
    case "failure":
      return event.failure.message;
    case "log":
      return event.text;
    default:
      return event.kind;
  }
}

let client = connect(server);
const { name } = await client.submit(script, JSON.parse(params));
let sequence = 0;
let ended = false;
for (let messages = 2; !ended; messages *= 2) {
  let left = messages;
  // A client waits out broken connections by itself. This one is closed, as if the program had ended: the next goes on.
  for await (const event of client.task(name).watch({ afterSequence: sequence })) {
    if (event.kind !== "snapshot" && event.kind !== "progress")
      console.log(`event ${event.sequence} ${describe(event)}`);
    sequence = event.sequence;
    ended = event.kind === "snapshot" && event.final;
    if (--left === 0) break;
  }
  if (ended) break;
  console.log(`hung up after ${sequence}`);
  client.close();
  client = connect(server);
}

try {
  const task = client.task(name);
  await task.result();
  console.log(`ended ${name} ${taskState(task.task!.state)}`);
} catch (error) {
  if (!(error instanceof TaskFailed)) throw error;
  console.log(`ended ${name} ${taskState(error.task.state)} ${error.failure?.message ?? ""}`);
  if (error instanceof PartialFailure) {
    const { created, uncertain, cost } = error;
    console.log(
      `failed step "${error.failedStep}", retryable ${error.retryable}, left over ${created.length + uncertain.length}`,
    );
    for (const { state, key, type, externalId, failure } of [...created, ...uncertain]) {
      console.log(`left over ${entryState(state)} ${key} ${type} ${externalId} ${failure?.message ?? ""}`);
    }
    console.log(`not attempted [${error.notAttempted.join(" ")}]`);
    console.log(`allowed [${error.allowedActions.join(" ")}]`);
    const costs = cost?.knownHourly.map(({ amount, currencyCode }) => `${amount} ${currencyCode}`) ?? [];
    console.log(`costs [${costs.join(" ")}] unpriced ${cost?.unpriced ?? 0} uncertain ${cost?.uncertain ?? 0}`);
  }
}
client.close();
