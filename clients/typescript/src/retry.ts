import { Refused, Unreachable } from "./errors.js";
import { doubtful, retriable } from "./rules.js";

/** Waits between tries: doubling from 0.1 to 3 seconds, each drawn at random up to that, anew after a success. */
export class Backoff {
  failures = 0;

  /** Forgets all failures but `keep`: something was received. */
  ease(keep = 0): void {
    this.failures = Math.min(this.failures, keep);
  }

  /** Returns how many milliseconds to wait: at least what the server asked for, and not much beyond that. */
  next(error?: unknown): number {
    const asked = (error instanceof Refused && error.retryAfterMs) || 0;
    const limit = Math.min(Math.max(100, 3000 - asked), 100 * 2 ** Math.min(this.failures++, 20));
    return asked + limit * (0.1 + 0.9 * Math.random());
  }
}

/**
 * Returns whether trying again may help, after so many failures in a row; `doubts` is how often to try what nobody
 * signed.
 */
export function passing(error: unknown, failures: number, doubts: number): boolean {
  if (error instanceof Unreachable) return true;
  return error instanceof Refused && (retriable(error) || (doubtful(error) && failures < doubts));
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
