import type { ConnectError } from "@connectrpc/connect";
import type { Cause } from "../status.js";
import type { Settings } from "./settings.js";

/** Returns the cause of a connection's failure in words, with what to do: Node's own are for whoever debugs Node. */
export function explain(error: ConnectError, settings: Settings, answered: boolean): Cause {
  const text = texts(error).join(" ");
  for (const { pattern, tls, why, hint, known } of KNOWN) {
    if ((tls ?? settings.tls) !== settings.tls || !pattern.test(text)) continue;
    const fill = (words: string) => words.replace("{host}", settings.host).replace("{server}", settings.server);
    // Once it answered, how it is spoken to is not what is wrong.
    return { why: fill(why), hint: answered && known ? "" : fill(hint) };
  }
  return { why: "", hint: "" };
}

function texts(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const several = error instanceof AggregateError ? error.errors.flatMap(texts) : [];
  return [code, error.message, ...several, ...texts(error.cause)];
}

/**
 * What Node says, whether by TLS (left out: either way), what it means, and what to do; `known`: not once it answered.
 */
interface Known {
  readonly pattern: RegExp;
  readonly tls?: boolean;
  readonly why: string;
  readonly hint: string;
  readonly known?: boolean;
}

const KNOWN: readonly Known[] = [
  {
    pattern: /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long/,
    tls: true,
    why: "what listens there does not speak TLS",
    hint: "without TLS it is http://{server}, for a network that you trust",
  },
  {
    pattern: /ERR_TLS_CERT_ALTNAME_INVALID/,
    why: "its certificate is for another name than {host}",
    hint: "ask it by the name that its certificate has",
  },
  {
    pattern: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    why: "its certificate is not valid at this time",
    hint: "see to the certificate, and to this machine's clock",
  },
  {
    pattern: /UNABLE_TO_(VERIFY|GET_ISSUER)|SELF_SIGNED_CERT|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE/,
    why: "its certificate is not signed by an authority that is trusted here",
    hint: "name the authority's certificate by `ca` (WHARFINGER_CA)",
  },
  { pattern: /ECONNREFUSED|ENOENT|EACCES/, why: "nothing listens there, or it takes no connections", hint: "" },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/,
    why: "there is no such host",
    hint: "see to the address, and to this machine's name service",
  },
  {
    pattern: /says nothing/,
    why: "what listens there says nothing",
    hint: "see to the port; perhaps the server is stopped, or something between here and there holds the line",
  },
  { pattern: /EHOSTUNREACH|ENETUNREACH/, why: "no network leads there", hint: "see to the address" },
  { pattern: /ETIMEDOUT/, why: "no connection in time", hint: "see to the address, and to firewalls" },
  {
    pattern: /ERR_HTTP2_ERROR|Protocol error|PROTOCOL_ERROR|ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL/,
    why: "what listens there is no gRPC server",
    hint: "see to the port: 7480 is the usual one",
  },
  {
    pattern: /ECONNRESET|EPIPE|socket hang up|closed|ERR_HTTP2/,
    tls: false,
    why: "the connection was closed",
    hint: "it was spoken to without TLS; if it speaks TLS it is https://{server}",
    known: true,
  },
  {
    pattern: /ECONNRESET|EPIPE|socket hang up|closed|ERR_HTTP2|ALERT/,
    tls: true,
    why: "the connection was closed",
    hint: "if it asks callers for a certificate, give yours by `cert` and `key`",
    known: true,
  },
  { pattern: /deadline/i, why: "no answer in time", hint: "" },
];
