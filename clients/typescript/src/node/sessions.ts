import type { ClientHttp2Session } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";
import type { Settings } from "./settings.js";
import { openSocket } from "./socket.js";

// A connection that died silently is found out within 40 seconds, while calls are open.
const KEEPALIVE = { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 };

/** Connect's own manager of a connection, made safe. */
export class Sessions extends Http2SessionManager {
  private readonly guarded = new WeakSet<ClientHttp2Session>();

  constructor(url: string, settings: Settings) {
    super(url, KEEPALIVE, { createConnection: () => openSocket(settings) });
  }

  /**
   * Of a session that was given up the manager does not listen for errors any more, and Node tells some of them later:
   * nobody listening, they would end the whole process.
   */
  override async request(
    ...call: Parameters<Http2SessionManager["request"]>
  ): ReturnType<Http2SessionManager["request"]> {
    const stream = await super.request(...call);
    const session = stream.session as ClientHttp2Session | undefined;
    if (session && !this.guarded.has(session)) {
      this.guarded.add(session);
      session.on("error", () => undefined);
    }
    return stream;
  }
}
