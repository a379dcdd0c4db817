import { readFileSync } from "node:fs";
import { isIP, BlockList } from "node:net";
import { Invalid } from "../errors.js";

const DEFAULT_SERVER = "127.0.0.1:7480";
const DEFAULT_PORT = 7480;

/**
 * How to reach a server. What is left out is taken from the environment: WHARFINGER_SERVER, _PROJECT, _TOKEN or
 * _TOKEN_FILE, _CA.
 */
export interface ConnectOptions {
  /** `host`, `host:port`, `[v6]:port`, `unix:/path`, or any of these after `https://` (TLS) or `http://` (none). */
  readonly server?: string | undefined;
  readonly project?: string | undefined;
  /** Sent over TLS, to this machine's own addresses and to sockets only. */
  readonly token?: string | undefined;
  /** Left out, this machine's own addresses are spoken to plainly, and everything else by TLS. */
  readonly tls?: boolean | undefined;
  /** The certificates to trust: a file's name, or PEM bytes. */
  readonly ca?: string | Uint8Array | undefined;
  /** A client certificate, and its key. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** How long a call is asked again where nobody answers; see `Connection.patienceMs`. */
  readonly patienceMs?: number | undefined;
  /** Is told when something is asked again. */
  readonly onRetry?: ((error: Error, pauseMs: number) => void) | undefined;
}

/** The settings, resolved. `path` is that of a unix socket. */
export interface Settings {
  readonly server: string;
  readonly project: string;
  readonly token: string;
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  readonly ca: Uint8Array | undefined;
  readonly cert: Uint8Array | undefined;
  readonly key: Uint8Array | undefined;
}

/**
 * Returns the settings: arguments first, then the environment, then the defaults. Throws `Invalid`, or the error of a
 * file.
 */
export function resolve(options: ConnectOptions, environ: NodeJS.ProcessEnv = process.env): Settings {
  const server = options.server || environ["WHARFINGER_SERVER"] || DEFAULT_SERVER;
  const project = options.project || environ["WHARFINGER_PROJECT"] || "default";
  const token = options.token ?? tokenOf(environ);
  const ca = options.ca ?? (environ["WHARFINGER_CA"] || undefined);
  const [scheme, address] = splitScheme(server);
  const target = targetOf(address);
  const told = scheme === "" ? undefined : scheme === "https";
  if (told !== undefined && options.tls !== undefined && told !== options.tls) {
    invalid("server", `${JSON.stringify(server)} and tls: ${options.tls} contradict each other; leave one of them out`);
  }
  const tls = options.tls ?? told ?? (ca !== undefined || options.cert !== undefined || !target.local);
  if (token && !tls && !target.local) {
    invalid(
      "token",
      `refusing to send the token to ${address} unencrypted: use https://${address}, or leave the token out`,
    );
  }
  if (/[^\x21-\x7e]/.test(token)) invalid("token", "has a character that no token has; perhaps a line end");
  if ((options.cert === undefined) !== (options.key === undefined))
    invalid("cert", "a client certificate needs both cert and key");
  const { host, port, path } = target;
  return {
    server: address,
    project,
    token,
    tls,
    host,
    port,
    path,
    ca: pem(ca, "the certificates to trust"),
    cert: pem(options.cert, "the certificate"),
    key: pem(options.key, "its key"),
  };
}

function tokenOf(environ: NodeJS.ProcessEnv): string {
  const file = environ["WHARFINGER_TOKEN_FILE"];
  if (environ["WHARFINGER_TOKEN"] || !file) return environ["WHARFINGER_TOKEN"] ?? "";
  return new TextDecoder().decode(pem(file, "the token")).trim();
}

function splitScheme(server: string): [scheme: string, address: string] {
  const at = server.indexOf("://");
  if (at < 0) return ["", server];
  const scheme = server.slice(0, at);
  const address = server.slice(at + 3).replace(/\/+$/, "");
  if (scheme !== "http" && scheme !== "https")
    invalid("server", `${JSON.stringify(server)}: the scheme must be http or https, such as https://${address}`);
  return [scheme, address];
}

function targetOf(address: string): { host: string; port: number; path: string | undefined; local: boolean } {
  if (address.startsWith("unix:") && address.length > "unix:".length) {
    return {
      host: "localhost",
      port: DEFAULT_PORT,
      path: address.slice("unix:".length).replace(/^\/\/(?=\/)/, ""),
      local: true,
    };
  }
  const found = isIP(address) === 6 ? [address, address] : /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(address);
  const host = found?.[1]?.replace(/^\[|\]$/g, "") ?? "";
  const port = Number(found?.[2] ?? DEFAULT_PORT);
  const named = address.startsWith("[")
    ? isIP(host) === 6
    : isIP(host) !== 0 || /^[\p{L}\p{N}_]([\p{L}\p{N}_.-]*[\p{L}\p{N}_.])?$/u.test(host);
  if (!named || port < 1 || port > 65535)
    invalid("server", `${JSON.stringify(address)} is no address; give HOST:PORT, such as ${DEFAULT_SERVER}`);
  return { host, port, path: undefined, local: isLoopback(host) };
}

function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const own = new BlockList();
  own.addSubnet("127.0.0.0", 8, "ipv4");
  own.addAddress("::1", "ipv6");
  const family = isIP(host);
  return family !== 0 && own.check(host, family === 6 ? "ipv6" : "ipv4");
}

function pem(source: string | Uint8Array | undefined, what: string): Uint8Array | undefined {
  if (typeof source !== "string") return source;
  try {
    return readFileSync(source);
  } catch (error) {
    throw new Error(`${what} can't be read from ${source}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function invalid(field: string, description: string): never {
  throw new Invalid([{ field, description }]);
}
