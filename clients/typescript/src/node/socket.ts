import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Settings } from "./settings.js";

// A connection that is not there after the first, or on which nothing was said after the second, will not be.
const CONNECT = 5_000;
const GREETING = 10_000;

/** Opens a connection that ends by itself where nobody takes it, or nobody speaks: Node would wait for minutes. */
export function openSocket(settings: Settings): Socket {
  const { host, port, path, ca, cert, key } = settings;
  const place = path === undefined ? { host, port } : { path };
  // Of undefined options TLS makes others than of ones that are not there.
  const pems = {
    ...(ca && { ca: Buffer.from(ca) }),
    ...(cert && { cert: Buffer.from(cert) }),
    ...(key && { key: Buffer.from(key) }),
  };
  const servername = isIP(host) ? {} : { servername: host };
  const socket = settings.tls
    ? connectTls({ ...place, ...pems, ...servername, ALPNProtocols: ["h2"] })
    : connectPlain(place);
  watch(socket, settings.tls ? "secureConnect" : "connect");
  return socket;
}

function watch(socket: Socket, ready: string): void {
  const slow = setTimeout(() => socket.destroy(timedOut(`no connection within ${CONNECT / 1000} seconds`)), CONNECT);
  const mute = setTimeout(() => {
    if (socket.bytesRead === 0)
      socket.destroy(timedOut(`what listens there says nothing: in ${GREETING / 1000} seconds not a byte came`));
  }, GREETING);
  mute.unref();
  socket.once(ready, () => clearTimeout(slow));
  socket.once("close", () => {
    clearTimeout(slow);
    clearTimeout(mute);
  });
}

/** An error as Node's own of that kind. */
function timedOut(text: string): Error {
  return Object.assign(new Error(text), { code: "ETIMEDOUT" });
}
