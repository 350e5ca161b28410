// A disk that is full or fails under the running server: strace makes its system calls fail. What
// cannot be kept is answered 503, nothing is acknowledged that is not there, and when the disk is
// well again so is the server, without a restart.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test, type TestContext } from "node:test";
import { Client, end, newKey, record, registration, serve } from "./account_client.ts";
import { skip } from "./raw_http.ts";

const noStrace =
  spawnSync("strace", ["-V"]).status === 0 ? false : "SKIPPED: no strace; run make setup";

// Makes these system calls of a process fail; returns what ends that.
async function inject(pid: number, calls: string, error: string): Promise<() => Promise<void>> {
  const strace = spawn(
    "strace",
    ["-f", "-p", String(pid), "-e", `trace=${calls}`, "-e", `inject=${calls}:error=${error}`, "-o", "/dev/null"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  await new Promise<void>((resolve, reject) => {
    strace.stderr.on("data", (chunk: Buffer) => {
      if (/attached/.test(chunk.toString())) resolve();
    });
    strace.once("exit", () => {
      reject(new Error("strace could not attach"));
    });
  });
  return async () => {
    strace.kill("SIGINT");
    await once(strace, "exit");
  };
}

async function withServer(
  t: TestContext,
  use: (client: Client, pid: number, data: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "insitu-faults-"));
  const served = await serve(folder);
  const client = new Client(served.port, "127.0.0.1");
  t.after(async () => {
    client.close();
    await end(served, "SIGTERM");
    rmSync(folder, { recursive: true });
  });
  const reply = await client.signIn("/api/register", registration("ada", newKey()));
  assert.equal(reply.status, 201);
  await use(client, served.child.pid ?? 0, join(folder, "data"));
}

const settings = (client: Client, keep: string) => client.send("PUT", "/api/settings", { keep });

async function keepOf(client: Client): Promise<unknown> {
  const { user } = (await client.send("GET", "/api/session")).json;
  return (user as { keep: string }).keep;
}

function integrityOf(data: string): unknown {
  const database = new DatabaseSync(join(data, "insitu.db"), { readOnly: true });
  const answer = database.prepare("PRAGMA integrity_check").get();
  database.close();
  return (answer as { integrity_check: string }).integrity_check;
}

describe("A disk that fails", { skip: skip === false ? noStrace : skip }, () => {
  for (const [calls, error] of [
    ["fsync,fdatasync", "EIO"],
    ["pwrite64", "ENOSPC"],
    ["pwrite64", "EIO"],
  ] as const) {
    test(`${error} from ${calls} is answered 503 and heals`, async (t) => {
      await withServer(t, async (client, pid, data) => {
        const heal = await inject(pid, calls, error);
        for (let i = 0; i < 3; i += 1) {
          const refused = await settings(client, "always");
          assert.equal(refused.status, 503);
          assert.equal(refused.json.code, "storage_unavailable");
          assert.equal(await keepOf(client), "never", "what was refused is seen");
        }
        await heal();
        assert.equal((await settings(client, "ask")).status, 200);
        assert.equal(await keepOf(client), "ask");
        assert.equal(integrityOf(data), "ok");
      });
    });
  }

  for (const [calls, error] of [
    ["write", "ENOSPC"],
    ["fsync", "EIO"],
    ["rename", "EIO"],
  ] as const) {
    test(`${error} from ${calls} under an upload is answered 503, and the upload can be repeated`, async (t) => {
      await withServer(t, async (client, pid) => {
        const id = randomUUID();
        const body = randomBytes(100_000);
        const heal = await inject(pid, calls, error);
        const refused = await client.send("PUT", `/api/objects/${id}/body`, body);
        assert.equal(refused.status, 503);
        await heal();
        assert.equal((await client.send("PUT", `/api/objects/${id}/body`, body)).status, 201);
        assert.equal((await client.send("PUT", `/api/objects/${id}`, record(1))).status, 201);
        const got = await client.send("GET", `/api/objects/${id}/body`);
        assert.ok(got.bytes.equals(body));
      });
    });
  }
});
