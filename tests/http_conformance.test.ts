// What the real server answers to requests that two readers could understand differently, one
// connection each: how many replies, and their status. After backend.md's table of what libraries
// get wrong.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  exchange,
  open,
  repliesIn,
  skip,
  startServer,
  type RawReply,
  type RunningServer,
} from "./raw_http.ts";

const HOST = "Host: localhost\r\n";
const SAME = "Sec-Fetch-Site: same-origin\r\n";
const JSON_TYPE = "Content-Type: application/json\r\n";
const CLOSE = "Connection: close\r\n";
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: y\r\n\r\n";

const get = (lines: string, path = "/healthz") => `GET ${path} HTTP/1.1\r\n${lines}\r\n`;
const post = (lines: string, body = "", path = "/api/login") =>
  `POST ${path} HTTP/1.1\r\n${HOST}${SAME}${JSON_TYPE}${lines}\r\n${body}`;

// name, status of the one reply, bytes. Each connection ends after it.
const PROBES: [string, number, ...string[]][] = [
  [
    "a transfer coding beside a length",
    400,
    post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ],
  [
    "a length beside a transfer coding",
    400,
    post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"),
  ],
  ["two different lengths", 400, post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}x")],
  ["two equal lengths", 400, post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}")],
  ["a list of lengths", 400, post("Content-Length: 2, 2\r\n", "{}")],
  ["a negative length", 400, post("Content-Length: -1\r\n")],
  ["a length with a sign", 400, post("Content-Length: +2\r\n", "{}")],
  ["a length in hexadecimal", 400, post("Content-Length: 0x2\r\n", "{}")],
  ["an empty length", 400, post("Content-Length: \r\n")],
  ["a length beyond 64 bits", 400, post("Content-Length: 99999999999999999999\r\n")],
  [
    "a coding twice",
    400,
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ],
  ["a coding that is not chunked", 501, post("Transfer-Encoding: gzip\r\n")],
  ["a coding list", 501, post("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n")],
  ["a coding with a tab", 400, post("Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n", "abc")],
  ["a coding with a vertical tab", 400, post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n")],
  [
    "a body in chunks",
    404,
    post("Transfer-Encoding: chunked\r\n", `0\r\n\r\n${SMUGGLED}`, "/api/x"),
  ],
  [
    "a bad chunk size",
    404,
    post("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n", "/api/x"),
  ],
  [
    "a page asked for with a body",
    413,
    get(`${HOST}Content-Length: ${SMUGGLED.length}\r\n`) + SMUGGLED,
  ],
  [
    "a page asked for with a body in chunks",
    411,
    get(`${HOST}Transfer-Encoding: chunked\r\n`) + `0\r\n\r\n${SMUGGLED}`,
  ],
  [
    "a page asked for with a body that comes later",
    413,
    get(`${HOST}Content-Length: ${SMUGGLED.length}\r\n`),
    SMUGGLED,
  ],
  [
    "a body of an address that there is not",
    404,
    post(`Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED, "/api/x"),
  ],
  [
    "a body of a method that there is not",
    405,
    `PATCH / HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  ["a body that nobody may send", 413, get(`${HOST}Expect: 100-continue\r\nContent-Length: 9\r\n`)],
  ["another expectation", 417, get(`${HOST}Expect: 200-ok\r\n`)],
  ["no Host", 400, get("")],
  ["two Hosts", 400, get(HOST + HOST)],
  ["two different Hosts", 400, get(`${HOST}Host: y\r\n`)],
  ["a Host with a path", 400, get("Host: x/y\r\n")],
  ["a Host with a user", 400, get("Host: a@x\r\n")],
  ["bare line feeds", 400, "GET /healthz HTTP/1.1\nHost: x\n\n"],
  ["a bare line feed in the head", 400, get(`${HOST}X-A: 1\nX-B: 2\r\n`)],
  ["a bare carriage return in a value", 400, get(`${HOST}X-A: 1\rX-B: 2\r\n`)],
  ["a folded line", 400, get(`${HOST}X-A: 1\r\n  2\r\n`)],
  ["a line that begins with a tab", 400, get(`${HOST}\tX-A: 1\r\n`)],
  ["a space before the colon", 400, get(`${HOST}X-A : 1\r\n`)],
  ["a space before the colon of a length", 400, post("Content-Length : 2\r\n", "{}")],
  ["a header without a name", 400, get(`${HOST}: 1\r\n`)],
  ["a header without a colon", 400, get(`${HOST}X-A\r\n`)],
  ["a NUL in a value", 400, get(`${HOST}X-A: a\0b\r\n`)],
  ["a NUL in a name", 400, get(`${HOST}X\0A: a\r\n`)],
  ["a NUL in the target", 400, get(HOST, "/\0")],
  ["an escaped NUL in the target", 400, get(HOST, "/%00")],
  ["an escaped line end in the target", 400, get(HOST, "/%0d%0aX:1")],
  ["a fragment", 400, get(HOST, "/healthz#a")],
  ["two spaces in the first line", 400, `GET  /healthz HTTP/1.1\r\n${HOST}\r\n`],
  ["a tab in the first line", 400, `GET\t/healthz HTTP/1.1\r\n${HOST}\r\n`],
  ["a line before the first", 400, `\r\n${get(HOST)}`],
  ["HTTP/0.9", 400, "GET /healthz\r\n\r\n"],
  ["HTTP/1.1 in small letters", 400, `GET /healthz http/1.1\r\n${HOST}\r\n`],
  ["HTTP/1.2", 505, `GET /healthz HTTP/1.2\r\n${HOST}\r\n`],
  ["HTTP/2's preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a TLS greeting", 400, "\x16\x03\x01\x02\n\x01\x00"],
  ["101 headers", 431, get(HOST + Array.from({ length: 100 }, (_, i) => `X-${i}: a\r\n`).join(""))],
  ["a target of 9,000 bytes", 414, get(HOST, `/${"a".repeat(9_000)}`)],
  ["a head without an end", 431, `GET /healthz HTTP/1.1\r\nX: ${"a".repeat(20_000)}`],
  ["TRACE", 405, `TRACE /healthz HTTP/1.1\r\n${HOST}${CLOSE}\r\n`],
  ["CONNECT", 405, `CONNECT a:1 HTTP/1.1\r\n${HOST}${CLOSE}\r\n`],
  [
    "100 headers",
    200,
    get(HOST + CLOSE + Array.from({ length: 98 }, (_, i) => `X-${i}: a\r\n`).join("")),
  ],
  ["escapes in a value", 200, get(`${HOST}${CLOSE}X-A: a%0d%0aSet-Cookie:x=1\r\n`)],
  ["a path that leads out", 404, get(HOST + CLOSE, "/../../etc/passwd")],
  ["an escaped path that leads out", 404, get(HOST + CLOSE, "/%2e%2e/%2e%2e/etc/passwd")],
  ["an upgrade", 200, get(`${HOST}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings, close\r\n`)],
  ["HTTP/1.0", 200, "GET /healthz HTTP/1.0\r\n\r\n"],
  [
    "HTTP/1.0 that wants to stay",
    200,
    `GET /healthz HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
  ],
];

const statuses = (replies: RawReply[]) => replies.map((reply) => reply.status);

describe("HTTP, byte by byte", { skip }, () => {
  let running: RunningServer;
  before(async () => {
    running = await startServer();
  });
  after(() => running.close());

  for (const [name, status, ...portions] of PROBES) {
    test(`${name}: one reply, ${status}`, async () => {
      const replies = await exchange(running.port, ...portions);
      assert.deepEqual(statuses(replies), [status]);
      assert.equal(replies[0]?.headers.get("x-content-type-options"), "nosniff");
      assert.ok(replies[0].headers.has("content-security-policy"));
      assert.ok(!replies[0].headers.has("server"), "no version is told");
      assert.ok(!replies[0].headers.has("set-cookie"));
    });
  }

  test("Three pipelined requests: three replies", async () => {
    const replies = await exchange(running.port, get(HOST) + get(HOST) + get(HOST + CLOSE));
    assert.deepEqual(statuses(replies), [200, 200, 200]);
  });

  test("A body that was read whole leaves the connection to the next request", async () => {
    const body = "{}";
    const first = post(`Content-Length: ${body.length}\r\n`, body);
    const replies = await exchange(running.port, first + get(HOST + CLOSE));
    assert.equal(replies.length, 2);
    assert.equal(replies[1]?.status, 200);
  });

  test("A method from another site is refused before its body is read", async () => {
    const head = `POST /api/login HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 2\r\n`;
    for (const line of ["", "Sec-Fetch-Site: cross-site\r\n", "Origin: https://evil.example\r\n"]) {
      const replies = await exchange(running.port, `${head}${line}\r\n`, SMUGGLED);
      assert.deepEqual(statuses(replies), [403]);
    }
  });

  test("A name that others point at this machine is not this server", async () => {
    const head = `POST /api/login HTTP/1.1\r\nHost: rebound.example\r\n${SAME}${JSON_TYPE}`;
    const replies = await exchange(running.port, `${head}Content-Length: 2\r\n\r\n{}`);
    assert.deepEqual(statuses(replies), [403]);
  });

  test("No request leaves what was typed in the log", async () => {
    await exchange(running.port, get(`${HOST}${CLOSE}Cookie: hunter2\r\n`, "/hunter3?hunter4"));
    await exchange(running.port, `HUNTER5 / HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
    const log = running.log();
    assert.ok(log.includes('"event":"request"'));
    assert.doesNotMatch(log, /hunter\d/i);
    for (const line of log.trimEnd().split("\n")) assert.ok(JSON.parse(line));
  });

  test("A refused connection does not keep its bytes for another", async () => {
    const connection = await open(running.port);
    connection.socket.write(post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"));
    await connection.ended;
    const next = await exchange(running.port, get(HOST + CLOSE));
    assert.deepEqual(statuses(next), [200]);
    assert.equal(repliesIn(connection.received()).length, 1);
  });
});
