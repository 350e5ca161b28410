// Many clients that never finish what they began, against one that means well, from another
// address. How fast the other is served: make bench-server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { open, repliesIn, skip, startServer, type RunningServer } from "./raw_http.ts";

const SLOW = 300;
const CLOSING = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

// What a slow client sends at first, and then a byte of now and then.
const BEGINNINGS: Record<string, string> = {
  "slow heads": "GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
  "slow bodies":
    "POST /api/login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n" +
    "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
  "silent connections": "",
};

describe("Slow clients", { skip }, () => {
  let running: RunningServer;
  before(async () => {
    running = await startServer();
  });
  after(() => running.close());

  for (const [name, beginning] of Object.entries(BEGINNINGS)) {
    test(`${SLOW} ${name} do not keep out another address`, async () => {
      const slow = await Promise.all(Array.from({ length: SLOW }, () => open(running.port)));
      const trickle = setInterval(() => {
        for (const { socket } of slow) if (!socket.destroyed) socket.write("x");
      }, 200);
      for (const { socket } of slow) if (!socket.destroyed) socket.write(beginning);
      try {
        for (let i = 0; i < 50; i += 1) {
          const other = await open(running.port, "127.0.0.2");
          other.socket.write(CLOSING);
          await other.ended;
          assert.equal(repliesIn(other.received())[0]?.status, 200);
        }
      } finally {
        clearInterval(trickle);
        for (const { socket } of slow) socket.destroy();
      }
    });
  }

  test("Slow heads are ended by the server", async () => {
    const slow = await open(running.port);
    const trickle = setInterval(() => slow.socket.write("x"), 200);
    slow.socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
    await slow.ended;
    clearInterval(trickle);
    assert.equal(repliesIn(slow.received())[0]?.status, 408);
  });
});
