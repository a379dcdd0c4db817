/**
 * The client for browsers, and for all that has `fetch`: by Connect, through the server's gateway. It has all of
 * `@wharfinger/client`.
 *
 * @module
 */
import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { Client } from "../client.js";
import { Invalid } from "../errors.js";
import { registry } from "../registry.js";

export * from "../index.js";

/** How to reach a gateway. */
export interface ConnectOptions {
  /** Where the gateway is, such as `https://wharfinger.example.com`; the page's own origin if not given. */
  readonly baseUrl?: string | undefined;
  readonly project?: string | undefined;
  /**
   * Sent over https and to this machine only. A page shows it to whoever looks: better let the gateway's own sign-in
   * do.
   */
  readonly token?: string | undefined;
  /** Speak JSON rather than binary messages: larger, and readable in the browser's tools. */
  readonly json?: boolean | undefined;
  /** Used in place of the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How long a call is asked again where nobody answers; see `Connection.patienceMs`. */
  readonly patienceMs?: number | undefined;
  /** Is told when something is asked again. */
  readonly onRetry?: ((error: Error, pauseMs: number) => void) | undefined;
}

/** Returns a client that speaks through a gateway. It connects with its first call. */
export function connect(options: ConnectOptions = {}): Client {
  const { token, project, onRetry, json = false } = options;
  const baseUrl = options.baseUrl ?? (globalThis as { location?: { origin: string } }).location?.origin;
  if (baseUrl === undefined)
    throw new Invalid([
      { field: "baseUrl", description: "say where the gateway is: there is no page that came from it" },
    ]);
  const { protocol, hostname } = new URL(baseUrl);
  if (token && protocol !== "https:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) {
    throw new Invalid([
      { field: "token", description: `refusing to send the token to ${baseUrl} unencrypted: use https` },
    ]);
  }
  const transport = createConnectTransport({
    baseUrl,
    useBinaryFormat: !json,
    jsonOptions: { registry },
    interceptors: token ? [bearer(token)] : [],
    ...(options.fetch && { fetch: options.fetch }),
  });
  return new Client({ transport, server: baseUrl, project, onRetry, patienceMs: options.patienceMs });
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}
