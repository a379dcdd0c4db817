import type { DescMessage, DescMethodStreaming, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Calls } from "./calls.js";
import { Unreachable } from "./errors.js";
import { Backoff, passing } from "./retry.js";

// So many heartbeats may be missed before a connection counts as dead.
const MISSED = 3;
const DOUBTS = 10;

/** Nothing came for too long. */
class Silence extends Error {}

/**
 * A server stream that is opened again when it breaks, with a request made anew each time.
 *
 * `fresh` tells whether the message last returned was the first of its connection.
 */
export class Reopened<I extends DescMessage, O extends DescMessage> {
  fresh = false;
  private readonly silenceMs: number;
  private readonly backoff = new Backoff();
  private readonly began = performance.now();
  private open: OpenStream<O> | undefined;
  private opened = false;
  private heard = false;
  private broken: Error = new Error("the server ended the stream");

  constructor(
    private readonly calls: Calls,
    private readonly method: DescMethodStreaming<I, O>,
    private readonly request: () => MessageInitShape<I>,
    heartbeatMs: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.silenceMs = heartbeatMs * MISSED;
  }

  /**
   * Returns the next message; undefined when the server ended the stream well: the next call opens it again. Throws
   * `Unreachable` when nothing was ever heard from the server, `Refused` when asking again would not help, the signal's
   * reason.
   */
  async next(): Promise<MessageShape<O> | undefined> {
    for (;;) {
      const opening = this.open === undefined;
      this.open ??= await this.reopen();
      const { generation } = this.open;
      try {
        const message = await this.open.read(this.silenceMs);
        this.calls.connected = true;
        if (message === undefined) {
          this.drop();
          this.broken = new Error("the server ended the stream");
          return undefined;
        }
        this.fresh = opening;
        this.heard = true;
        // A connection that tells nothing but its first message is half a success.
        this.backoff.ease(opening ? 3 : 0);
        return message;
      } catch (failed) {
        this.drop();
        this.signal?.throwIfAborted();
        if (failed instanceof Silence) this.calls.renew(generation);
        this.broken = this.bear(failed);
      }
    }
  }

  /** Gives up the present connection; the next message comes from a new one. */
  drop(): void {
    this.open?.cancel();
    this.open = undefined;
  }

  /** Returns the error of a broken stream that is to be opened again; throws it where that would be in vain. */
  private bear(failed: unknown): Error {
    const silent = failed instanceof Silence;
    const error = silent
      ? new Unreachable(this.calls.server, `it said nothing for ${this.silenceMs / 1000} s`, "UNAVAILABLE")
      : this.calls.failed(failed);
    if (!passing(error, this.backoff.failures, DOUBTS)) throw error;
    const known = this.heard || (this.calls.connected && error instanceof Unreachable);
    if (!known && performance.now() - this.began >= this.calls.patience) throw error;
    return error;
  }

  private async reopen(): Promise<OpenStream<O>> {
    this.signal?.throwIfAborted();
    if (this.opened) await this.calls.pause(this.broken, this.backoff.next(this.broken), this.signal);
    this.opened = true;
    const controller = new AbortController();
    const messages = this.calls.stream(this.method, this.request(), controller.signal);
    return new OpenStream(messages, controller, this.calls.generation, this.signal);
  }
}

/** A stream on one connection. */
class OpenStream<O extends DescMessage> {
  constructor(
    private readonly messages: Promise<AsyncIterator<MessageShape<O>>>,
    private readonly controller: AbortController,
    readonly generation: number,
    signal: AbortSignal | undefined,
  ) {
    // Aborting ends the stream, and ends listening.
    signal?.addEventListener("abort", () => controller.abort(signal.reason), { signal: controller.signal });
    if (signal?.aborted) controller.abort(signal.reason);
  }

  /** Returns the next message, undefined at the end. Rejects with `Silence` after so long without one. */
  read(silenceMs: number): Promise<MessageShape<O> | undefined> {
    const { signal } = this.controller;
    return new Promise((resolve, reject) => {
      // Transports may be slow to give up; the caller is not kept waiting for them.
      const give = () => reject(signal.reason);
      const timer = setTimeout(() => reject(new Silence()), silenceMs);
      signal.addEventListener("abort", give);
      if (signal.aborted) give();
      this.messages
        .then((messages) => messages.next())
        .then(({ done, value }) => resolve(done ? undefined : value), reject)
        .finally(() => {
          clearTimeout(timer);
          signal.removeEventListener("abort", give);
        });
    });
  }

  cancel(): void {
    this.controller.abort();
  }
}
