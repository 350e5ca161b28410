// The real insitu-server with accounts, and clients that ask it over HTTP.
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program =
  process.env["INSITU_SERVER"] ?? join(import.meta.dirname, "../build/native/insitu-server");
export const skip = existsSync(program) ? false : `SKIPPED: ${program} not there; run make native`;

export interface ServerSettings {
  registration?: "open" | "invitation" | "closed";
  storage?: "off" | "e2e" | "server";
  quotaBytes?: number;
  maxObjectBytes?: number;
  failuresPerAddress?: number; // in a minute
  drainSeconds?: number;
}

// A server on a free port, on a data folder that stays from start to start. It believes what
// X-Forwarded-For says, so that tests can come from anywhere.
export class ApiServer {
  readonly folder = mkdtempSync(join(tmpdir(), "insitu-api-"));
  port = 0;
  #child: ChildProcess | undefined;

  async start(settings: ServerSettings = {}): Promise<void> {
    const { registration = "open", storage = "e2e", failuresPerAddress = 0 } = settings;
    const mebibyte = 1 << 20;
    writeFileSync(
      this.config,
      [
        `port = 0`,
        `behind_proxy = true`,
        `drain_seconds = ${settings.drainSeconds ?? 0}`,
        `data = "${join(this.folder, "data")}"`,
        `[accounts]`,
        `registration = "${registration}"`,
        `failures_per_address_and_minute = ${failuresPerAddress}`,
        `[storage]`,
        `mode = "${storage}"`,
        `quota_bytes = ${settings.quotaBytes ?? 64 * mebibyte}`,
        `max_object_bytes = ${settings.maxObjectBytes ?? 4 * mebibyte}`,
        ``,
      ].join("\n"),
    );
    const child = spawn(program, ["--config", this.config], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let said = "";
    this.port = await new Promise<number>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        const port = /http:\/\/[\d.]+:(\d+)/.exec(said)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      child.on("exit", (code) => reject(new Error(`insitu-server ended with ${code}: ${said}`)));
    });
  }

  // Asks it to stop, and does not wait.
  signal(): void {
    this.#child?.kill("SIGTERM");
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.on("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  async restart(settings: ServerSettings = {}): Promise<void> {
    await this.stop();
    await this.start(settings);
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  // What the command line prints: insitu-server admin …
  admin(...words: string[]): string {
    return execFileSync(program, ["admin", ...words, "--config", this.config], {
      encoding: "utf8",
    });
  }

  get config(): string {
    return join(this.folder, "insitu.toml");
  }
}

export interface Answer {
  method: string;
  path: string; // without the query
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  json: unknown; // if it is JSON
}

export interface Ask {
  json?: unknown;
  bytes?: Uint8Array;
  headers?: Record<string, string>;
  text?: string; // a body as it is, said to be JSON
}

// A browser: it keeps its cookies.
export class ApiClient {
  readonly #server: ApiServer;
  readonly #record: (answer: Answer) => void;
  readonly #address: string;
  readonly cookies = new Map<string, string>();

  constructor(server: ApiServer, address: string, record: (answer: Answer) => void = () => {}) {
    this.#server = server;
    this.#address = address;
    this.#record = record;
  }

  async ask(method: string, path: string, { json, bytes, headers = {}, text }: Ask = {}) {
    const body = bytes ?? text ?? (json === undefined ? undefined : JSON.stringify(json));
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await new Promise<Answer>((resolve, reject) => {
      const request = httpRequest(
        {
          host: "127.0.0.1",
          port: this.#server.port,
          method,
          path,
          agent: false,
          headers: {
            "sec-fetch-site": "same-origin",
            "x-forwarded-for": this.#address,
            ...(cookie === "" ? {} : { cookie }),
            ...(bytes === undefined ? {} : { "content-type": "application/octet-stream" }),
            ...(bytes !== undefined || body === undefined
              ? {}
              : { "content-type": "application/json" }),
            ...(body === undefined || "transfer-encoding" in headers
              ? {}
              : { "content-length": String(Buffer.byteLength(body)) }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const whole = Buffer.concat(chunks);
            const type = response.headers["content-type"] ?? "";
            resolve({
              method,
              path: path.split("?")[0] ?? path,
              status: response.statusCode ?? 0,
              headers: response.headers,
              bytes: whole,
              json: type.includes("json") ? (JSON.parse(whole.toString()) as unknown) : undefined,
            });
          });
        },
      );
      request.on("error", reject);
      request.end(body);
    });
    for (const line of (answer.headers["set-cookie"] as string[] | undefined) ?? []) {
      const [pair = ""] = line.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      if (line.includes("Max-Age=0")) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(name.length + 1));
    }
    this.#record(answer);
    return answer;
  }

  // Asks, and expects that status; returns the JSON.
  async expect(status: number, method: string, path: string, ask: Ask = {}) {
    const answer = await this.ask(method, path, ask);
    assert.equal(
      answer.status,
      status,
      `${method} ${path}: ${answer.status} ${answer.bytes.toString().slice(0, 500)}`,
    );
    return answer.json as Record<string, unknown>;
  }
}

// --- What is sent -----------------------------------------------------------------------------------

// base64url of that many bytes that begin with the text.
export function key(text: string, bytes = 32): string {
  return Buffer.from(text.padEnd(bytes, ".").slice(0, bytes)).toString("base64url");
}

export const kdf = { algorithm: "argon2id", memory_kib: 65536, passes: 3, lanes: 1 };

export function recovery(text: string) {
  return { auth_key: key(`rk ${text}`), wrapped_user_key: key(`rw ${text}`, 60) };
}

export function credential(text: string) {
  return {
    auth_key: key(text),
    salt: key(`salt ${text}`, 16),
    kdf,
    wrapped_user_key: key(`wrapped ${text}`, 60),
  };
}

export function withRecovery(text: string) {
  return { ...credential(text), recovery: recovery(text) };
}

export function digestOf(bytes: Uint8Array): Record<string, string> {
  const digest = createHash("sha256").update(bytes).digest("base64");
  return { "content-digest": `sha-256=:${digest}:` };
}

export function objectId(number: number): string {
  return `0190a000-0000-7000-8000-${String(number).padStart(12, "0")}`;
}

// An authenticator app (RFC 6238).
export function appCode(secret: string, milliseconds = Date.now()): string {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const digit of secret) bits += digits.indexOf(digit).toString(2).padStart(5, "0");
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(milliseconds / 30_000)));
  const hmac = createHmac("sha1", bytes).update(counter).digest();
  const offset = (hmac[19] ?? 0) & 15;
  const number = hmac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}
