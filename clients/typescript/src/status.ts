import { Code, ConnectError } from "@connectrpc/connect";
import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { Refused, Unreachable } from "./errors.js";
import { AllowedStatesSchema, ChoicesSchema } from "./gen/index.js";
import { Code as StatusCode } from "./gen/google/rpc/code_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import type { Status } from "./gen/google/rpc/status_pb.js";
import { taskState } from "./words.js";

/** The cause of a failed call in words, and what to do about it ("" where nothing is known to help). */
export interface Cause {
  readonly why: string;
  readonly hint: string;
}

type Find = <D extends DescMessage>(schema: D) => MessageShape<D> | undefined;

/** Returns the error of a call that failed: `Refused` when somebody answered, `Unreachable` when nobody did. */
export function translated(
  failed: unknown,
  server: string,
  explain?: (error: ConnectError) => Cause,
): Refused | Unreachable {
  const error = ConnectError.from(failed);
  const find: Find = (schema) => error.findDetails(schema)[0];
  if (error.details.length === 0 && unanswered(error)) {
    const { why, hint } = explain?.(error) ?? { why: "", hint: "" };
    return new Unreachable(server, why || error.rawMessage || codeName(error.code), codeName(error.code), hint, {
      cause: error,
    });
  }
  return refused(error.code, error.rawMessage, find, error);
}

/**
 * Whether nobody answered. A dead connection has many faces: in Node a killed server shows as CANCELED "http/2 stream
 * closed", a reset as ABORTED with a system error as its cause, an answer cut in its middle as INVALID_ARGUMENT.
 */
function unanswered(error: ConnectError): boolean {
  if (error.code === Code.Unavailable || error.code === Code.DeadlineExceeded || error.code === Code.Canceled)
    return true;
  const system = [Code.Internal, Code.Unknown, Code.Aborted].includes(error.code) && ofTheSystem(error.cause);
  return (
    system ||
    /^http\/2 (stream|connection) closed|^protocol error: (incomplete envelope|promised \d+ bytes|missing status)/.test(
      error.rawMessage,
    )
  );
}

function ofTheSystem(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  // Node's errors of sockets, TLS and HTTP/2 have a word for a code; those of fetch have none, and each browser its own
  // words.
  const fetched = cause instanceof TypeError && /fetch|network|load failed/i.test(cause.message);
  return fetched || ("code" in cause && typeof cause.code === "string") || ofTheSystem(cause.cause);
}

/** Returns the refusal that stands in a message, such as the outcome of one task of a batch. */
export function refusedStatus(status: Status): Refused {
  const find: Find = (schema) => {
    const packed = status.details.find(({ typeUrl }) => typeUrl.endsWith(`/${schema.typeName}`));
    return packed && fromBinary(schema, packed.value);
  };
  return refused(status.code, status.message, find);
}

function refused(code: number, detail: string, find: Find, cause?: unknown): Refused {
  const info = find(ErrorInfoSchema);
  const retry = find(RetryInfoSchema);
  const delay = retry && (retry.retryDelay ?? { seconds: 0n, nanos: 0 });
  const told = {
    code: codeName(code),
    reason: info?.reason ?? "",
    detail,
    metadata: { ...info?.metadata },
    violations: (find(BadRequestSchema)?.fieldViolations ?? []).map(({ field, description }) => ({
      field,
      description,
    })),
    retryAfterMs: delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6,
    choices: find(ChoicesSchema)?.values ?? [],
    allowedStates: (find(AllowedStatesSchema)?.allowed ?? []).map(taskState).filter((word) => word !== "UNKNOWN"),
  };
  return new Refused(told, cause === undefined ? undefined : { cause });
}

/** Returns the name of a canonical status code, "UNKNOWN" for one that does not exist. */
export function codeName(number: number): string {
  return StatusCode[number] ?? "UNKNOWN";
}
