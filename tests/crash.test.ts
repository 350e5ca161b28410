// The server is killed again and again while people register, sign in and out, change their
// password, keep and delete: nothing that was answered is lost, and nothing is half done. A kill is
// no power cut: that the disk has what a commit promises is SQLite's and fsync's word.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes, randomInt, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import {
  Client,
  credential,
  end,
  newKey,
  record,
  registration,
  serve,
  type Reply,
  type Served,
} from "./account_client.ts";
import { server, skip } from "./raw_http.ts";

const KILLS = Number(process.env.INSITU_KILLS ?? 12);
const PEOPLE = 4;

// What was asked and not answered may have happened or not.
interface Person {
  name: string;
  registered: boolean;
  key: string;
  nextKey: string | undefined; // asked for, not answered
  sessions: Map<string, "alive" | "ended" | "unknown">;
  kept: Map<string, { sha256: string; state: "unknown" | "kept" | "deleted" }>;
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

function must(reply: Reply, ...statuses: number[]): Reply {
  assert.ok(statuses.includes(reply.status), `${reply.status}: ${reply.bytes.toString()}`);
  return reply;
}

// --- What people do until the server is gone --------------------------------------------------

async function changePassword(client: Client, person: Person): Promise<void> {
  person.nextKey = newKey();
  const before = client.token ?? "";
  for (const token of person.sessions.keys()) {
    if (person.sessions.get(token) === "alive") person.sessions.set(token, "unknown");
  }
  const reply = must(
    await client.signIn("/api/password", {
      current: { auth_key: person.key },
      new: credential(person.nextKey),
      user_key_version: 1,
    }),
    200,
  );
  for (const token of person.sessions.keys()) person.sessions.set(token, "ended");
  person.sessions.set(before, "ended");
  person.sessions.set(reply.token ?? "", "alive");
  person.key = person.nextKey;
  person.nextKey = undefined;
}

async function keep(client: Client, person: Person): Promise<void> {
  const id = randomUUID();
  const body = randomBytes(randomInt(1, 200_000));
  person.kept.set(id, { sha256: sha256(body), state: "unknown" });
  must(await client.send("PUT", `/api/objects/${id}/body`, body), 201);
  must(await client.send("PUT", `/api/objects/${id}`, record(1)), 201);
  person.kept.set(id, { sha256: sha256(body), state: "kept" });
}

async function deleteOne(client: Client, person: Person): Promise<void> {
  const found = [...person.kept].find(([, { state }]) => state === "kept");
  if (found === undefined) return;
  const [id, object] = found;
  person.kept.set(id, { ...object, state: "unknown" });
  must(await client.send("DELETE", `/api/objects/${id}`), 204);
  person.kept.set(id, { ...object, state: "deleted" });
}

async function signOutAndIn(client: Client, person: Person): Promise<void> {
  person.sessions.set(client.token ?? "", "unknown");
  must(await client.send("POST", "/api/logout", {}), 204);
  person.sessions.set(client.token ?? "", "ended");
  client.token = undefined;
  const reply = must(
    await client.signIn("/api/login", { username: person.name, auth_key: person.key }),
    200,
  );
  person.sessions.set(reply.token ?? "", "alive");
}

async function live(client: Client, person: Person): Promise<void> {
  const reply = must(
    await client.signIn("/api/register", registration(person.name, person.key)),
    201,
  );
  person.registered = true;
  person.sessions.set(reply.token ?? "", "alive");
  for (;;) {
    await keep(client, person);
    await signOutAndIn(client, person);
    await keep(client, person);
    await changePassword(client, person);
    await deleteOne(client, person);
  }
}

// --- What must be so afterwards ------------------------------------------------------------------

async function checkSessions(client: Client, person: Person): Promise<void> {
  for (const [token, state] of person.sessions) {
    client.token = token;
    const { user } = must(await client.send("GET", "/api/session"), 200).json;
    if (state === "alive") {
      assert.equal((user as { username: string } | null)?.username, person.name, "a session lost");
    }
    if (state === "ended") assert.equal(user, null, "a session that had ended is back");
  }
  client.token = undefined;
}

// Exactly one of the two passwords is right, and it is the old one unless a change was under way.
async function checkPassword(client: Client, person: Person): Promise<void> {
  const opens = async (authKey: string): Promise<boolean> => {
    const body = { username: person.name, auth_key: authKey };
    return must(await client.signIn("/api/login", body), 200, 401).status === 200;
  };
  if (person.nextKey === undefined) {
    assert.ok(await opens(person.key), "an acknowledged password is wrong");
  } else {
    const changed = await opens(person.nextKey);
    assert.notEqual(await opens(person.key), changed, "a password that was changed by half");
  }
}

async function checkKept(client: Client, person: Person): Promise<void> {
  for (const [id, { sha256: expected, state }] of person.kept) {
    const reply = await client.send("GET", `/api/objects/${id}/body`);
    if (state === "kept" || (state === "unknown" && reply.status === 200)) {
      must(reply, 200);
      assert.equal(sha256(reply.bytes), expected, "a body that is not what was kept");
      must(await client.send("GET", `/api/objects/${id}`), 200);
    } else {
      must(reply, 404);
    }
  }
}

// The folder itself, with the eyes of another SQLite than the server's. Only read while it serves.
function checkFolder(data: string): void {
  const database = new DatabaseSync(join(data, "insitu.db"), { readOnly: true });
  const all = (sql: string) => database.prepare(sql).all() as Record<string, string | number>[];
  assert.deepEqual(all("PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
  assert.deepEqual(all("PRAGMA foreign_key_check"), []);
  assert.deepEqual(
    all(
      `SELECT username FROM users u WHERE used_bytes <> (SELECT coalesce(sum(body_bytes +
       length(record)), 0) FROM objects o WHERE o.user_id = u.id)`,
    ),
    [],
    "a quota that is not the sum of what is kept",
  );
  const rows = new Map(
    all("SELECT id, has_body, lower(hex(file_sha256)) AS sha256 FROM objects").map((row) => [
      row.id,
      row,
    ]),
  );
  database.close();
  const objects = join(data, "objects");
  const files = readdirSync(objects, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
  for (const id of files) assert.ok(rows.has(id), `the file ${id} belongs to nothing`);
  for (const [id, row] of rows) {
    if (row.has_body === 0) continue;
    const path = join(objects, String(id).slice(-2), String(id));
    assert.ok(existsSync(path), `the body of ${id} is missing`);
    assert.equal(sha256(readFileSync(path)), row.sha256);
  }
}

// The sweep at the start finishes what a crash cut off.
async function waitForSweep(data: string): Promise<void> {
  for (;;) {
    const database = new DatabaseSync(join(data, "insitu.db"), { readOnly: true });
    const left = database
      .prepare("SELECT count(*) AS left FROM objects WHERE state = 'deleting'")
      .get() as { left: number };
    database.close();
    if (left.left === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function checkAll(served: Served, people: Person[], data: string): Promise<void> {
  await Promise.all(
    people.map(async (person, i) => {
      const client = new Client(served.port, `127.0.1.${i + 1}`);
      if (person.registered) {
        await checkSessions(client, person);
        await checkPassword(client, person);
        await checkKept(client, person);
      }
      client.close();
    }),
  );
  await waitForSweep(data);
  checkFolder(data);
}

describe("A server that is killed", { skip }, () => {
  test(`${KILLS} times loses nothing that it acknowledged, and leaves nothing half done`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "insitu-crash-"));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const data = join(folder, "data");
    let served = await serve(folder);
    let answered = 0;
    for (let round = 0; round < KILLS; round += 1) {
      const people = Array.from(
        { length: PEOPLE },
        (_, i): Person => ({
          name: `person ${round}-${i}`,
          registered: false,
          key: newKey(),
          nextKey: undefined,
          sessions: new Map(),
          kept: new Map(),
        }),
      );
      const clients = people.map((_, i) => new Client(served.port, `127.0.0.${i + 2}`));
      let refusal: unknown;
      let killed = false;
      const lives = people.map((person, i) =>
        live(clients[i] as Client, person).catch((error: unknown) => {
          // The end of the connection is what a kill looks like; a wrong answer is not.
          if (!killed || error instanceof assert.AssertionError) refusal ??= error;
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, randomInt(100, 1_200)));
      killed = true;
      await end(served, "SIGKILL");
      await Promise.all(lives);
      for (const client of clients) client.close();
      if (refusal !== undefined) throw refusal as Error;
      answered += people.reduce((sum, person) => sum + person.sessions.size + person.kept.size, 0);

      served = await serve(folder);
      await checkAll(served, people, data);
    }
    assert.ok(answered >= KILLS, `only ${answered} requests were answered in ${KILLS} rounds`);
    execFileSync(server, ["audit", "verify", "--data", data]);
    execFileSync(server, ["backup", join(folder, "backup"), "--data", data]);
    execFileSync(server, ["verify", join(folder, "backup")]);
    await end(served, "SIGTERM");
    checkFolder(data);
    t.diagnostic(`${KILLS} kills, ${answered} sessions and objects`);
  });
});
