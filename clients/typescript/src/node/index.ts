/**
 * The client for Node: by gRPC, with the settings of the environment. It has all of `@wharfinger/client`.
 *
 * @module
 */
import type { ConnectError, Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Connection } from "../calls.js";
import { Client } from "../client.js";
import type { Cause } from "../status.js";
import { VERSION } from "../version.js";
import { explain } from "./causes.js";
import { resolve, type ConnectOptions, type Settings } from "./settings.js";
import { Sessions } from "./sessions.js";

export * from "../index.js";
export type { ConnectOptions } from "./settings.js";

const MESSAGE_LIMIT = 16 * 1024 * 1024;
// Calls on a connection that was given up have so long to end.
const RETIREMENT = 60_000;

/**
 * Returns a client of the server that the options or the environment name; without either that of 127.0.0.1:7480. It
 * connects with its first call. Throws `Invalid` where settings are wrong or contradict each other.
 */
export function connect(options: string | ConnectOptions = {}): Client {
  const given = typeof options === "string" ? { server: options } : options;
  const settings = resolve(given);
  const connection = new NodeConnection(settings);
  return new Client({
    transport: connection.transport,
    server: settings.server,
    project: settings.project,
    onRetry: given.onRetry,
    patienceMs: given.patienceMs,
    renew: () => connection.renew(),
    explain: (error, answered) => connection.explain(error, answered),
    close: () => connection.close(),
  });
}

class NodeConnection implements Connection {
  readonly transport: Transport;
  private readonly baseUrl: string;
  private sessions: Sessions;
  private present: Transport;
  private readonly retired = new Set<Sessions>();

  constructor(private readonly settings: Settings) {
    const { tls, host, port } = settings;
    this.baseUrl = `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
    [this.sessions, this.present] = this.make();
    this.transport = {
      unary: (...call) => this.present.unary(...call),
      stream: (...call) => this.present.stream(...call),
    };
  }

  /** Makes the next calls by a new connection; the old one is closed once calls on it had time to end. */
  renew(): void {
    const old = this.sessions;
    this.retired.add(old);
    setTimeout(() => this.retired.delete(old) && old.abort(), RETIREMENT).unref();
    [this.sessions, this.present] = this.make();
  }

  explain(error: ConnectError, answered: boolean): Cause {
    return explain(error, this.settings, answered);
  }

  close(): void {
    for (const sessions of [...this.retired, this.sessions]) sessions.abort();
    this.retired.clear();
  }

  private make(): [Sessions, Transport] {
    const { baseUrl, settings } = this;
    const sessionManager = new Sessions(baseUrl, settings);
    const interceptors = [headers(settings.token)];
    return [
      sessionManager,
      createGrpcTransport({
        baseUrl,
        sessionManager,
        interceptors,
        readMaxBytes: MESSAGE_LIMIT,
        writeMaxBytes: MESSAGE_LIMIT,
      }),
    ];
  }
}

function headers(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("user-agent", `wharfinger-typescript/${VERSION}`);
    if (token) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}
