import {
  create,
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import type { ConnectError, Transport } from "@connectrpc/connect";
import { Refused, Unreachable, WharfingerError } from "./errors.js";
import { Backoff, passing, sleep } from "./retry.js";
import { translated, type Cause } from "./status.js";

/**
 * What a client speaks through. `@wharfinger/client/node` and `/web` make one; a bare `transport` of Connect's will do.
 */
export interface Connection {
  /** Carries the calls; it adds the token. */
  readonly transport: Transport;
  /** The server's address, for errors. */
  readonly server?: string;
  /** Makes the next calls by a new connection: the present one has gone silent. */
  renew?(): void;
  /** Says in words why a call got no answer; `answered`: the server did answer this client before. */
  explain?(error: ConnectError, answered: boolean): Cause;
  /** Closes all connections. */
  close?(): void;
  /**
   * How long a call is asked again where nobody answers, in milliseconds. If not given, 5000 before the server ever
   * answered, since most such addresses are wrong, and 15000 after that, as a restart takes. Watches and waits then go
   * on for ever.
   */
  readonly patienceMs?: number | undefined;
}

const FIRST = 5_000;
const RESTART = 15_000;
const DEADLINE = 30_000;
const DOUBTS = 3;

/** How a call is made. */
export interface Making {
  readonly signal?: AbortSignal | undefined;
  /** The deadline of each try. */
  readonly timeoutMs?: number;
  /** Ask again what failed for now. */
  readonly again?: boolean;
}

/** Makes the calls of one client, each try with a deadline, and again where that does no harm. */
export class Calls {
  /** Whether the server ever answered. */
  connected = false;
  readonly server: string;
  /** Counts the connections: what was opened on an earlier one has no say about the present one. */
  generation = 0;
  private closed = false;

  constructor(
    readonly connection: Connection,
    private readonly onRetry: (error: Error, pauseMs: number) => void,
  ) {
    this.server = connection.server ?? "its address";
  }

  /** Returns the answer of a call. Throws `Refused`, `Unreachable`, or the signal's reason. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
    making: Making = {},
  ): Promise<MessageShape<O>> {
    // Made once, so that its request_id is the same in each try.
    const message = create(method.input, input);
    const requestId = "requestId" in message ? String(message.requestId) : "";
    const again =
      making.again !== false &&
      (method.idempotency === Idempotency.NO_SIDE_EFFECTS || requestId !== "" || "requests" in message);
    const backoff = new Backoff();
    const began = performance.now();
    for (;;) {
      this.check(making.signal);
      try {
        const answer = await this.connection.transport.unary(
          method,
          making.signal,
          making.timeoutMs ?? DEADLINE,
          undefined,
          message as MessageInitShape<I>,
        );
        this.connected = true;
        return answer.message;
      } catch (failed) {
        const error = this.failed(failed, making.signal);
        if (error instanceof Unreachable) error.requestId = requestId;
        const pause = again && passing(error, backoff.failures, DOUBTS) ? backoff.next(error) : Infinity;
        if (performance.now() - began + pause > this.patience) throw error;
        await this.pause(error, pause, making.signal);
      }
    }
  }

  /** Opens a server stream, and returns its messages. */
  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    input: MessageInitShape<I>,
    signal: AbortSignal,
  ): Promise<AsyncIterator<MessageShape<O>>> {
    this.check();
    const answer = await this.connection.transport.stream(method, signal, undefined, undefined, once(input));
    return answer.message[Symbol.asyncIterator]();
  }

  /**
   * Returns the error of a call that failed, and notes whether the server said so; throws the reason of an aborted
   * signal.
   */
  failed(error: unknown, signal?: AbortSignal): Refused | Unreachable {
    this.check(signal);
    const told = translated(
      error,
      this.server,
      (cause) => this.connection.explain?.(cause, this.connected) ?? { why: "", hint: "" },
    );
    this.connected ||= told instanceof Refused;
    return told;
  }

  /** Makes the next calls by a new connection, unless that was done since `generation`. */
  renew(generation: number): void {
    if (generation !== this.generation) return;
    this.generation++;
    this.connection.renew?.();
  }

  /** Closes all connections: what is under way ends, and is not asked again. */
  close(): void {
    this.closed = true;
    this.connection.close?.();
  }

  /** Throws the reason of an aborted signal, and an error of its own when the client is closed. */
  private check(signal?: AbortSignal): void {
    signal?.throwIfAborted();
    if (this.closed) throw new WharfingerError("this client is closed; make a new one");
  }

  /** How long one that does not answer is asked again, in milliseconds. */
  get patience(): number {
    return this.connection.patienceMs ?? (this.connected ? RESTART : FIRST);
  }

  /** Tells that it is asked again, and waits. */
  async pause(error: Error, ms: number, signal?: AbortSignal): Promise<void> {
    this.onRetry(error, ms);
    await sleep(ms, signal);
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** Returns an id under which a request is done once, however often it is sent. */
export function newRequestId(): string {
  // Not randomUUID, which browsers have on secure pages only.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
