// insitu-server with a data folder that outlives it, and people who use it over HTTP as the page does.
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { server } from "./raw_http.ts";

export const base64url = (bytes: Buffer): string => bytes.toString("base64url");

export interface Served {
  child: ChildProcess;
  port: number;
  log: () => string;
}

// Starts it on a free port, with open registration and end-to-end encrypted storage.
export async function serve(folder: string): Promise<Served> {
  const config = join(folder, "insitu.toml");
  const data = JSON.stringify(join(folder, "data"));
  writeFileSync(
    config,
    `data = ${data}\n[accounts]\nregistration = "open"\n[storage]\nmode = "e2e"\n`,
  );
  const child = spawn(server, ["--config", config, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      const found = /InSitu is at \w+:\/\/[^ ]*:(\d+) /.exec(chunk.toString())?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    child.once("exit", (code) => {
      reject(new Error(`insitu-server ended with ${code}: ${said}`));
    });
  });
  return { child, port, log: () => said };
}

export async function end(served: Served, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  if (served.child.exitCode !== null || served.child.signalCode !== null) return;
  served.child.kill(signal);
  await once(served.child, "exit");
}

export interface Reply {
  status: number;
  json: Record<string, unknown>;
  bytes: Buffer;
  token: string | undefined; // of the session that the reply starts
}

// One browser, at an address of its own, so that no limit for an address is shared.
export class Client {
  token: string | undefined;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly port: number,
    private readonly address: string,
  ) {}

  close(): void {
    this.agent.destroy();
  }

  send(method: string, path: string, body?: object | Buffer): Promise<Reply> {
    const bytes = Buffer.isBuffer(body)
      ? body
      : Buffer.from(body === undefined ? "" : JSON.stringify(body));
    const headers: Record<string, string | number> = {
      "Sec-Fetch-Site": "same-origin",
      "Content-Length": bytes.length,
      "Content-Type": Buffer.isBuffer(body) ? "application/octet-stream" : "application/json",
    };
    if (Buffer.isBuffer(body)) {
      headers["Content-Digest"] =
        `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
    }
    if (this.token !== undefined) headers.Cookie = `__Host-insitu-session=${this.token}`;
    if (method === "GET") {
      delete headers["Content-Type"];
      delete headers["Content-Length"];
    }
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: this.port,
          localAddress: this.address,
          agent: this.agent,
          method,
          path,
          headers,
          timeout: 20_000,
        },
        (reply) => {
          const chunks: Buffer[] = [];
          reply.on("data", (chunk: Buffer) => chunks.push(chunk));
          reply.on("error", reject);
          reply.on("end", () => {
            if (!reply.complete) return;
            const received = Buffer.concat(chunks);
            const isJson = /json/.test(reply.headers["content-type"] ?? "");
            const cookie = (reply.headers["set-cookie"] ?? []).find((line) =>
              line.startsWith("__Host-insitu-session="),
            );
            resolve({
              status: reply.statusCode ?? 0,
              json: isJson ? (JSON.parse(received.toString()) as Record<string, unknown>) : {},
              bytes: received,
              token: cookie === undefined ? undefined : /=([^;]*)/.exec(cookie)?.[1],
            });
          });
          reply.on("aborted", () => {
            reject(new Error("aborted"));
          });
        },
      );
      sent.on("timeout", () => sent.destroy(new Error("no answer")));
      sent.on("error", reject);
      sent.end(method === "GET" ? undefined : bytes);
    });
  }

  // The same, and keeps the session that it starts.
  async signIn(path: string, body: object): Promise<Reply> {
    const reply = await this.send("POST", path, body);
    if (reply.status < 300 && reply.token !== undefined) this.token = reply.token;
    return reply;
  }
}

const KDF = { algorithm: "argon2id", memory_kib: 65_536, passes: 3, lanes: 1 };

export const newKey = (): string => base64url(randomBytes(32));

// What the page makes of a password: the server cannot tell it from random bytes.
export function credential(authKey: string): Record<string, unknown> {
  return {
    auth_key: authKey,
    salt: base64url(randomBytes(16)),
    kdf: KDF,
    wrapped_user_key: base64url(randomBytes(60)),
  };
}

export function registration(username: string, authKey: string): Record<string, unknown> {
  return {
    username,
    ...credential(authKey),
    recovery: { auth_key: newKey(), wrapped_user_key: base64url(randomBytes(60)) },
  };
}

export const record = (version: number): object => ({
  wrapped_key: base64url(randomBytes(60)),
  record: base64url(randomBytes(4_096)),
  record_version: version,
});
