// A server within this process, whose faults are written by each test: Connect's router, no network.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { Client, type ClientOptions } from "@wharfinger/client";
import {
  ErrorInfoSchema,
  PricingService,
  RetryInfoSchema,
  TaskSchema,
  TaskService,
  TaskState,
  type Task,
  type TaskEventSchema,
  type WatchTaskResponseSchema,
} from "@wharfinger/client/v1";

export const NAME = "projects/default/tasks/one";

/** A client of a server that does just that. */
export function clientOf(
  tasks: Partial<ServiceImpl<typeof TaskService>>,
  options: Partial<ClientOptions> = {},
  prices: Partial<ServiceImpl<typeof PricingService>> = {},
): Client {
  const transport = createRouterTransport(({ service }) => {
    service(TaskService, tasks);
    service(PricingService, prices);
  });
  return new Client({ transport, server: "the test", ...options });
}

/** A task in a state, at rest where that is the end of it. */
export function taskIn(state: TaskState, rest: MessageInitShape<typeof TaskSchema> = {}): Task {
  const resting = state >= TaskState.SUCCEEDED;
  return create(TaskSchema, {
    name: NAME,
    script: "test",
    state,
    ...(resting && { endTime: timestampNow() }),
    ...rest,
  });
}

/** A refusal of the server's own, with its reason, and when to come again. */
export function refusal(code: Code, reason: string, afterMs?: number): ConnectError {
  const details: NonNullable<ConstructorParameters<typeof ConnectError>[3]> = [
    { desc: ErrorInfoSchema, value: { reason, domain: "wharfinger.dev", metadata: { limit: "3" } } },
  ];
  if (afterMs !== undefined) details.push({ desc: RetryInfoSchema, value: { retryDelay: { nanos: afterMs * 1e6 } } });
  return new ConnectError(`refused: ${reason}`, code, undefined, details);
}

type Message = MessageInitShape<typeof WatchTaskResponseSchema>;

/** The message of a watch that tells events so numbered. */
export function events(...numbers: number[]): Message {
  const told: MessageInitShape<typeof TaskEventSchema>[] = numbers.map((number) => ({
    task: NAME,
    sequence: BigInt(number),
    detail: { case: "log", value: { text: `line ${number}` } },
  }));
  const last = numbers.at(-1) ?? 0;
  return {
    kind: { case: "events", value: { events: told } },
    sequence: BigInt(last),
    resumeToken: new Uint8Array([last]),
  };
}

/** The message of a watch that tells the whole task. */
export function snapshot(task: Task, sequence: number): Message {
  return {
    kind: { case: "snapshot", value: task },
    sequence: BigInt(sequence),
    resumeToken: new Uint8Array([sequence]),
  };
}

/** Never ends, but for the signal. */
export function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** All that an iterable tells. */
export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}
