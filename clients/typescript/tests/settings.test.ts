import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Invalid } from "@wharfinger/client";
import { resolve } from "../src/node/settings.js";

test("arguments come before the environment, and the environment before the defaults", () => {
  const environ = {
    WHARFINGER_SERVER: "https://there.example:1",
    WHARFINGER_PROJECT: "harbour",
    WHARFINGER_TOKEN: "t0k3n",
  };
  const of = (options: object, from: NodeJS.ProcessEnv) => {
    const { server, project, token, tls } = resolve(options, from);
    return { server, project, token, tls };
  };
  assert.deepEqual(of({}, {}), { server: "127.0.0.1:7480", project: "default", token: "", tls: false });
  assert.deepEqual(of({}, environ), { server: "there.example:1", project: "harbour", token: "t0k3n", tls: true });
  assert.deepEqual(of({ server: "localhost", project: "mine", token: "" }, environ), {
    server: "localhost",
    project: "mine",
    token: "",
    tls: false,
  });
});

test("a token may come from a file, and goes nowhere unencrypted but to this machine", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "token");
  writeFileSync(file, "t0k3n\n");
  assert.equal(resolve({}, { WHARFINGER_TOKEN_FILE: file }).token, "t0k3n");
  for (const server of ["127.0.0.1:1", "[::1]:1", "::1", "localhost:1", "unix:/run/w.sock", "https://there.example"]) {
    assert.equal(resolve({ server, token: "t" }, {}).token, "t", server);
  }
  for (const server of [
    "http://there.example",
    "http://192.0.2.1:1",
    "http://[2001:db8::1]:1",
    "http://127.0.0.1.example:1",
  ]) {
    assert.throws(
      () => resolve({ server, token: "t" }, {}),
      (error) => error instanceof Invalid && /refusing to send the token/.test(error.message),
      server,
    );
  }
  assert.throws(() => resolve({ token: "two\nlines" }, {}), Invalid);
  assert.throws(() => resolve({}, { WHARFINGER_TOKEN_FILE: join(folder, "none") }), /the token can't be read from/);
});

test("addresses are read as they are written, and wrong ones refused", () => {
  const place = (server: string) => {
    const { host, port, path, tls } = resolve({ server }, {});
    return [host, port, path, tls];
  };
  assert.deepEqual(place("there.example"), ["there.example", 7480, undefined, true]);
  assert.deepEqual(place("http://there.example:81/"), ["there.example", 81, undefined, false]);
  assert.deepEqual(place("2001:db8::1"), ["2001:db8::1", 7480, undefined, true]);
  assert.deepEqual(place("[2001:db8::1]:82"), ["2001:db8::1", 82, undefined, true]);
  assert.deepEqual(place("unix:/run/w.sock"), ["localhost", 7480, "/run/w.sock", false]);
  for (const server of [
    "ftp://there",
    "there:0",
    "there:65536",
    "there:x",
    "a b",
    "-there",
    "[there]:1",
    "there/path",
  ]) {
    assert.throws(() => resolve({ server }, {}), Invalid, server);
  }
  assert.throws(() => resolve({ server: "https://there", tls: false }, {}), /contradict each other/);
  assert.throws(() => resolve({ cert: new Uint8Array() }, {}), /needs both cert and key/);
});
