// How fast the real server is and how it stands a flood, on loopback; prints, judges nothing.
//   make bench-server            SECONDS=10 of each
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { readFileSync } from "node:fs";
import { open, repliesIn, startServer } from "../raw_http.ts";

const SECONDS = Number(process.env["SECONDS"] ?? 10);
const FLOOD_CLIENTS = 32; // all of them may wait for their turn
const MANY_FLOOD_CLIENTS = 128; // more than may
const SLOW_CLIENTS = 300;

interface Answer {
  status: number;
  ms: number;
  body: string;
  cookies: string[];
}

// One request as a page of the server sends it; `from` is what the proxy says of its client.
function ask(
  port: number,
  agent: Agent,
  path: string,
  body: unknown,
  from: string,
): Promise<Answer> {
  const text = JSON.stringify(body);
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        agent,
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-length": text.length,
          "sec-fetch-site": "same-origin",
          "x-forwarded-for": from,
        },
      },
      (reply) => {
        let received = "";
        reply.on("data", (chunk: Buffer) => (received += chunk.toString()));
        reply.on("end", () => {
          resolve({
            status: reply.statusCode ?? 0,
            ms: performance.now() - began,
            body: received,
            cookies: (reply.headers["set-cookie"] ?? []).map(
              (cookie) => cookie.split(";")[0] ?? "",
            ),
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(text);
  });
}

const base64url = (bytes: number) => randomBytes(bytes).toString("base64url");
const somewhere = () => `10.${[0, 0, 0].map(() => Math.floor(Math.random() * 256)).join(".")}`;

const KDF = { algorithm: "argon2id", memory_kib: 65_536, passes: 3, lanes: 1 };

function credential() {
  return {
    auth_key: base64url(32),
    salt: base64url(16),
    kdf: KDF,
    wrapped_user_key: base64url(60),
    recovery: { auth_key: base64url(32), wrapped_user_key: base64url(60) },
  };
}

function quantile(values: number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return value === undefined ? "-" : `${value.toFixed(1)} ms`;
}

function residentMebibytes(pid: number): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(line) / 1_024;
}

// Seconds of processor time that the server has used: what a busy machine does not change much.
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const TICKS = 100; // of every Linux that Debian builds
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

// What wrk says of eight connections that ask for the session.
function askForSessions(port: number, pid: number, cookies: string): Promise<string> {
  const began = processorSeconds(pid);
  const words = ["-c8", "-t2", `-d${SECONDS}s`, "--latency", "-H", `Cookie: ${cookies}`];
  const child = spawn("wrk", [...words, `http://127.0.0.1:${port}/api/session`]);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", () => {
      const found = (pattern: RegExp) => pattern.exec(said)?.[1] ?? "?";
      const faults = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(said)?.[0];
      resolve(
        `${found(/Requests\/sec:\s+([\d.]+)/)} requests/s, p50 ${found(/50%\s+(\S+)/)}, ` +
          `p99 ${found(/99%\s+(\S+)/)}, ${faults ?? "no errors"}, ` +
          `${((1e6 * (processorSeconds(pid) - began)) / Number(found(/(\d+) requests in/))).toFixed(0)} µs ` +
          "of the server's processor time a request",
      );
    });
  });
}

// Clients that try one name after the other, each from another address, without a pause.
async function floodLogins(port: number, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const times = new Map<number, number[]>();
  const began = performance.now();
  const until = began + SECONDS * 1_000;
  const client = async () => {
    while (performance.now() < until) {
      const body = { username: base64url(9), auth_key: base64url(32) };
      const { status, ms } = await ask(port, agent, "/api/login", body, somewhere());
      const all = times.get(status) ?? [];
      all.push(ms);
      times.set(status, all);
    }
  };
  const clients = Array.from({ length: count }, client);
  await Promise.all(clients);
  agent.destroy();
  const seconds = (performance.now() - began) / 1_000;
  for (const [status, all] of [...times].toSorted(([a], [b]) => a - b)) {
    const rate = (all.length / seconds).toFixed(1);
    console.log(`  ${status}: ${rate}/s, p50 ${quantile(all, 0.5)}, p99 ${quantile(all, 0.99)}`);
  }
}

// Times of new connections from another address, while slow ones from the first never finish.
async function standSlowClients(): Promise<void> {
  const running = await startServer();
  const slow = await Promise.all(Array.from({ length: SLOW_CLIENTS }, () => open(running.port)));
  for (const { socket } of slow) if (!socket.destroyed) socket.write("GET / HTTP/1.1\r\nX: ");
  const trickle = setInterval(() => {
    for (const { socket } of slow) if (!socket.destroyed) socket.write("x");
  }, 200);
  const times: number[] = [];
  const until = performance.now() + SECONDS * 1_000;
  while (performance.now() < until) {
    const began = performance.now();
    const other = await open(running.port, "127.0.0.2");
    other.socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await other.ended;
    if (repliesIn(other.received())[0]?.status === 200) times.push(performance.now() - began);
    else console.log("  a request was not answered");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  clearInterval(trickle);
  for (const { socket } of slow) socket.destroy();
  console.log(
    `${SLOW_CLIENTS} slow connections; another address, a connection each: ` +
      `${times.length} requests, p50 ${quantile(times, 0.5)}, p99 ${quantile(times, 0.99)}, ` +
      `longest ${quantile(times, 1)}`,
  );
  await running.close();
}

const running = await startServer("behind_proxy = true");
const agent = new Agent({ keepAlive: true });
const registered = await ask(
  running.port,
  agent,
  "/api/register",
  { username: "bench", ...credential() },
  "192.0.2.1",
);
agent.destroy();
if (registered.status !== 201)
  throw new Error(`No account: ${registered.status} ${registered.body}`);
const cookies = registered.cookies.join("; ");
const before = residentMebibytes(running.pid);

console.log("GET /api/session, c=8:");
console.log(`  ${await askForSessions(running.port, running.pid, cookies)}`);
for (const count of [FLOOD_CLIENTS, MANY_FLOOD_CLIENTS]) {
  console.log(`POST /api/login, c=${count}, unknown names from many addresses:`);
  await floodLogins(running.port, count);
}
console.log(`GET /api/session, c=8, during a flood of logins, c=${FLOOD_CLIENTS}:`);
const [during] = await Promise.all([
  askForSessions(running.port, running.pid, cookies),
  floodLogins(running.port, FLOOD_CLIENTS),
]);
console.log(`  sessions: ${during}`);
const after = residentMebibytes(running.pid);
console.log(`Memory: ${before.toFixed(0)} MiB before the floods, ${after.toFixed(0)} MiB after`);
await running.close();
await standSlowClients();
