// The real insitu-server, and clients that send it bytes that no proper client would.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const server = join(import.meta.dirname, "../build/native/insitu-server");
export const skip = existsSync(server) ? false : `SKIPPED: ${server} not there; run make native`;

const PATIENCE_MS = 8_000; // more than every deadline of the server that a test here meets

export interface RunningServer {
  port: number;
  pid: number;
  log: () => string;
  close: () => Promise<void>;
}

function portIn(child: ChildProcess, said: { text: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      const port = /InSitu is at \w+:\/\/[^ ]*:(\d+) /.exec(chunk.toString())?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.stderr?.on("data", (chunk: Buffer) => (said.text += chunk.toString()));
    child.on("exit", (code) => {
      reject(new Error(`insitu-server ended with ${code}: ${said.text}`));
    });
  });
}

// A server with a made site, a data folder of its own and open registration.
export async function startServer(settings = ""): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), "insitu-raw-"));
  const site = mkdtempSync(join(tmpdir(), "insitu-raw-site-"));
  writeFileSync(join(site, "index.html"), "<!doctype html><title>InSitu</title>");
  writeFileSync(
    join(site, "headers.json"),
    '{"csp":"default-src \'none\'","worker_csp":"default-src \'none\'","workers":[]}',
  );
  const config = join(folder, "insitu.toml");
  writeFileSync(
    config,
    `site = "${site}"\ndata = "${join(folder, "data")}"\n${settings}\n[accounts]\nregistration = "open"\n`,
  );
  const child = spawn(server, ["--config", config, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { text: "" };
  const port = await portIn(child, said);
  return {
    port,
    pid: child.pid ?? 0,
    log: () => said.text,
    close: () =>
      new Promise((resolve) => {
        child.removeAllListeners("exit");
        child.on("exit", () => {
          for (const made of [folder, site]) rmSync(made, { recursive: true });
          resolve();
        });
        child.kill("SIGTERM");
      }),
  };
}

// A connection from this address of loopback; what arrives on it is in received().
export interface RawConnection {
  socket: Socket;
  received: () => string;
  ended: Promise<void>; // the server has ended it, or the patience is over
}

export async function open(port: number, localAddress = "127.0.0.1"): Promise<RawConnection> {
  const socket = connect({ host: "127.0.0.1", port, localAddress, noDelay: true });
  let bytes = "";
  socket.on("data", (chunk) => (bytes += chunk.toString("latin1")));
  const ended = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  socket.on("error", () => undefined); // a reset is an end like another
  await new Promise<void>((resolve) => {
    socket.once("connect", resolve);
    socket.once("close", () => {
      resolve();
    });
  });
  return { socket, received: () => bytes, ended };
}

export interface RawReply {
  status: number;
  headers: Map<string, string>;
}

// The heads of all replies in these bytes, each found by its status line.
export function repliesIn(bytes: string): RawReply[] {
  return bytes
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((part) => part.startsWith("HTTP/1.1 "))
    .map((part) => {
      const [first = "", ...lines] = (part.split("\r\n\r\n")[0] ?? "").split("\r\n");
      const headers = new Map(
        lines.map((line) => {
          const colon = line.indexOf(": ");
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)] as const;
        }),
      );
      return { status: Number(first.slice(9, 12)), headers };
    });
}

// Sends these portions, a moment apart, and returns the replies once the server has ended the
// connection. It has to: none of the requests that are sent here may leave it open.
export async function exchange(port: number, ...portions: string[]): Promise<RawReply[]> {
  const connection = await open(port);
  for (const portion of portions) {
    connection.socket.write(portion, "latin1");
    await new Promise((resolve) => setTimeout(resolve, portions.length > 1 ? 150 : 0));
  }
  await connection.ended;
  assert.ok(connection.socket.destroyed, "the server ends the connection");
  return repliesIn(connection.received());
}
