import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Calls } from "./calls.js";
import { Refused, Unreachable, type WharfingerError } from "./errors.js";
import { CreateTaskRequestSchema, TaskService, type CreateTaskRequest, type Task } from "./gen/index.js";
import { refusedStatus } from "./status.js";

const COUNT_LIMIT = 1000;
// The API takes 3 MiB; what frames each request is counted generously.
const BYTES_LIMIT = 3 * 1024 * 1024 - 16 * 1024;
const DEADLINE = 60_000;

/** Asks for tasks in as few calls as the API takes, and returns what became of each, in order. */
export async function submitMany(
  calls: Calls,
  parent: string,
  wanted: MessageInitShape<typeof CreateTaskRequestSchema>[],
  signal?: AbortSignal,
): Promise<(Task | WharfingerError)[]> {
  const outcomes: (Task | WharfingerError)[] = [];
  for (const requests of split(wanted.map((request) => create(CreateTaskRequestSchema, request)))) {
    outcomes.push(...(await send(calls, parent, requests, signal)));
  }
  return outcomes;
}

/**
 * Tells groups of at most 1000 requests and 3 MiB. A request too large for any goes alone, to be refused by the server.
 */
function* split(wanted: CreateTaskRequest[]): Generator<CreateTaskRequest[]> {
  let group: CreateTaskRequest[] = [];
  let size = 0;
  for (const request of wanted) {
    const own = toBinary(CreateTaskRequestSchema, request).length + 8;
    if (group.length && (group.length === COUNT_LIMIT || size + own > BYTES_LIMIT)) {
      yield group;
      [group, size] = [[], 0];
    }
    group.push(request);
    size += own;
  }
  if (group.length) yield group;
}

/** Returns what became of each request; a failure of the call as a whole is the outcome of each. */
async function send(
  calls: Calls,
  parent: string,
  requests: CreateTaskRequest[],
  signal?: AbortSignal,
): Promise<(Task | WharfingerError)[]> {
  try {
    const { outcomes } = await calls.unary(
      TaskService.method.batchCreateTasks,
      { parent, requests },
      { signal, timeoutMs: DEADLINE },
    );
    return requests.map((_, index) => {
      const outcome = outcomes[index]?.outcome;
      if (outcome?.case === "task") return outcome.value;
      return outcome?.case === "error"
        ? refusedStatus(outcome.value)
        : new Unreachable(calls.server, "it told no outcome for this task", "INTERNAL");
    });
  } catch (error) {
    if (error instanceof Refused) return requests.map(() => error);
    if (!(error instanceof Unreachable)) throw error;
    return requests.map(({ requestId }) => {
      const own = new Unreachable(error.server, error.detail, error.code, error.hint, { cause: error });
      own.requestId = requestId;
      return own;
    });
  }
}
