// Follows a task to its end and prints what it tells: node dist/examples/follow.js TASK
import { connect } from "@wharfinger/client/node";

const client = connect(); // WHARFINGER_SERVER says where
for await (const event of client.task(process.argv[2] ?? "").watch()) {
  if (event.kind === "log") console.log(event.text);
  if (event.kind === "snapshot" && event.final) console.log(`it is ${event.state}`);
}
client.close();
