// backend/openapi.json, replayed: every operation and every status that it documents is reached on
// the real server, and every answer is one that it documents.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import {
  ApiClient,
  ApiServer,
  appCode,
  credential,
  digestOf,
  key,
  objectId,
  recovery,
  skip,
  withRecovery,
  type Answer,
} from "./api_server.ts";

interface Documented {
  description: string;
  "x-codes"?: string[];
  content?: Record<string, { schema?: object }>;
}
interface Operation {
  operationId: string;
  responses: Record<string, Documented>;
}
const document = JSON.parse(
  readFileSync(join(import.meta.dirname, "../backend/openapi.json"), "utf8"),
) as { paths: Record<string, Record<string, Operation>>; components: object };

// --- What an answer has to be -----------------------------------------------------------------------

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema({ $id: "openapi", components: document.components });
const validators = new Map<object, ValidateFunction>();

function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const text = JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components');
  const made = ajv.compile(JSON.parse(text) as object);
  validators.set(schema, made);
  return made;
}

function operationOf(method: string, path: string): Operation | undefined {
  for (const [pattern, methods] of Object.entries(document.paths)) {
    const expression = new RegExp(`^${pattern.replaceAll(/\{[a-z]+\}/g, "[^/]+")}$`);
    const operation = methods[method.toLowerCase()];
    // Literal paths come before patterns that would fit too.
    if (operation !== undefined && (pattern === path || expression.test(path))) return operation;
  }
  return undefined;
}

const reached = new Map<string, Set<string>>(); // operation: "200", "409 username_taken"
const undocumented: string[] = [];

function record(answer: Answer): void {
  const operation = operationOf(answer.method, answer.path);
  if (operation === undefined) {
    undocumented.push(`${answer.method} ${answer.path}`);
    return;
  }
  const name = `${operation.operationId} ${answer.status}`;
  const documented = operation.responses[String(answer.status)] ?? operation.responses["default"];
  if (documented === undefined) {
    undocumented.push(name);
    return;
  }
  const type = String(answer.headers["content-type"] ?? "").split(";")[0] ?? "";
  const media = documented.content?.[type];
  if (documented.content === undefined) {
    if (answer.bytes.length > 0) undocumented.push(`${name}: has a body`);
  } else if (media === undefined) {
    undocumented.push(`${name}: ${type}`);
  } else if (media.schema !== undefined) {
    const validate = validatorOf(media.schema);
    if (!validate(answer.json)) {
      undocumented.push(
        `${name}: ${ajv.errorsText(validate.errors)} in ${answer.bytes.toString()}`,
      );
    }
  }
  if (answer.path.startsWith("/api") && answer.headers["cache-control"] !== "no-store") {
    undocumented.push(`${name}: may be cached`);
  }
  const all = reached.get(operation.operationId) ?? new Set();
  reached.set(operation.operationId, all);
  all.add(String(answer.status));
  const codes = documented["x-codes"];
  if (codes === undefined) return;
  const { code } = answer.json as { code: string };
  if (!codes.includes(code)) undocumented.push(`${name}: ${code}`);
  all.add(`${answer.status} ${code}`);
}

// --- The replay -------------------------------------------------------------------------------------

const server = new ApiServer();
let addresses = 0;
// Each client from an address of its own, so that none is slowed down for another.
const client = () => {
  addresses += 1;
  return new ApiClient(server, `10.1.${addresses >> 8}.${addresses & 255}`, record);
};
const object = (number: number) => `/api/objects/${objectId(number)}`;
const bytes = (text: string) => new TextEncoder().encode(text);
const facts = (text: string, version = 1) => ({
  wrapped_key: key("data key", 60),
  record: Buffer.from(text).toString("base64url"),
  record_version: version,
});

async function register(username: string): Promise<ApiClient> {
  const made = client();
  await made.expect(201, "POST", "/api/register", {
    json: { username, ...withRecovery(username) },
  });
  return made;
}

const proof = (username: string) => ({ auth_key: key(username) });

if (skip === false) {
  before(async () => {
    await server.start();
  });
  after(async () => {
    await server.close();
  });
}

test("Signing up, in and out", { skip }, async () => {
  const nobody = client();
  await nobody.expect(200, "GET", "/healthz");
  await nobody.expect(200, "GET", "/readyz");
  await nobody.expect(200, "GET", "/api/config");
  await nobody.expect(200, "GET", "/api/session");
  await nobody.expect(200, "POST", "/api/prelogin", { json: { username: "nobody" } });
  await nobody.expect(422, "POST", "/api/prelogin", { json: {} });
  await nobody.expect(400, "POST", "/api/prelogin", { text: "{" });
  await nobody.expect(422, "POST", "/api/register", { json: { username: "x" } });
  const ada = await register("ada");
  await nobody.expect(409, "POST", "/api/register", {
    json: { username: "Ada", ...withRecovery("x") },
  });
  await ada.expect(200, "GET", "/api/session");
  await ada.expect(200, "GET", "/api/sessions");
  await ada.expect(204, "POST", "/api/logout", { json: {} });
  await ada.expect(422, "POST", "/api/login", { json: { username: "ada" } });
  await ada.expect(401, "POST", "/api/login", { json: { username: "ada", ...proof("x") } });
  await ada.expect(200, "POST", "/api/login", { json: { username: "ada", ...proof("ada") } });
  await ada.expect(422, "POST", "/api/reauthenticate", { json: {} });
  await ada.expect(401, "POST", "/api/reauthenticate", { json: proof("x") });
  await ada.expect(200, "POST", "/api/reauthenticate", { json: proof("ada") });
});

test("A request of another site, type or length", { skip }, async () => {
  const ada = await register("edges");
  const from = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  await ada.expect(403, "POST", "/api/logout", { json: {}, headers: from });
  await ada.expect(413, "POST", "/api/prelogin", { json: { username: "x".repeat(20_000) } });
  const body = `${object(90)}/body`;
  await ada.expect(411, "PUT", body, {
    bytes: bytes("x"),
    headers: { ...digestOf(bytes("x")), "transfer-encoding": "chunked" },
  });
  await ada.expect(415, "PUT", body, {
    bytes: bytes("x"),
    headers: { ...digestOf(bytes("x")), "content-type": "image/png" },
  });
});

test("One's sessions and settings", { skip }, async () => {
  const one = await register("grace");
  const { session } = await one.expect(200, "GET", "/api/session");
  const two = client();
  await two.expect(200, "POST", "/api/login", { json: { username: "grace", ...proof("grace") } });
  const { id } = session as { id: string };
  await two.expect(204, "DELETE", `/api/sessions/${id}`);
  await two.expect(404, "DELETE", `/api/sessions/${id}`);
  await two.expect(204, "DELETE", "/api/sessions");
  await two.expect(409, "PUT", "/api/settings", { json: { keep: "ask" } });
  await two.expect(422, "PUT", "/api/settings", { json: { keep: "perhaps" } });
  const json = { keep: "ask", recovery_confirmed: true };
  await two.expect(200, "PUT", "/api/settings", { json });
  await two.expect(200, "GET", "/api/export");
});

test("The password", { skip }, async () => {
  const user = await register("irene");
  const change = (from: string, to: string, user_key_version = 1) => ({
    json: { current: proof(from), new: credential(to), user_key_version },
  });
  await user.expect(403, "POST", "/api/password", change("x", "new"));
  await user.expect(409, "POST", "/api/password", change("irene", "new", 7));
  await user.expect(422, "POST", "/api/password", { json: {} });
  await user.expect(200, "POST", "/api/password", change("irene", "new"));
});

test("The second factor", { skip }, async () => {
  const user = await register("rosalind");
  await user.expect(404, "DELETE", "/api/totp");
  await user.expect(409, "POST", "/api/recovery-codes", { json: {} });
  await user.expect(409, "POST", "/api/totp/confirm", { json: { code: "000000" } });
  const { secret } = (await user.expect(200, "POST", "/api/totp", { json: {} })) as {
    secret: string;
  };
  await user.expect(401, "POST", "/api/totp/confirm", { json: { code: "no code" } });
  await user.expect(422, "POST", "/api/totp/confirm", { json: {} });
  await user.expect(200, "POST", "/api/totp/confirm", { json: { code: appCode(secret) } });
  await user.expect(409, "POST", "/api/totp", { json: {} });
  const made = (await user.expect(200, "POST", "/api/recovery-codes", { json: {} })) as {
    recovery_codes: string[];
  };
  const other = client();
  const { ticket } = await other.expect(200, "POST", "/api/login", {
    json: { username: "rosalind", ...proof("rosalind") },
  });
  const second = "/api/login/second-factor";
  await other.expect(422, "POST", second, { json: { ticket } });
  await other.expect(410, "POST", second, { json: { ticket: "x", code: "000000" } });
  await other.expect(401, "POST", second, { json: { ticket, code: "no code" } });
  const [code] = made.recovery_codes;
  await other.expect(200, "POST", second, { json: { ticket, code } });
  // Slowed down, once five codes were wrong.
  const { ticket: another } = await other.expect(200, "POST", "/api/login", {
    json: { username: "rosalind", ...proof("rosalind") },
  });
  for (let i = 0; i < 4; ++i) {
    await other.expect(401, "POST", second, { json: { ticket: another, code: "no code" } });
  }
  const { ticket: third } = await other.expect(200, "POST", "/api/login", {
    json: { username: "rosalind", ...proof("rosalind") },
  });
  await other.expect(401, "POST", second, { json: { ticket: third, code: "no code" } });
  await other.expect(429, "POST", second, { json: { ticket: third, code: "no code" } });
  await user.expect(204, "DELETE", "/api/totp");
});

test("The recovery key", { skip }, async () => {
  const user = await register("emmy");
  await user.expect(422, "POST", "/api/recovery-key", { json: {} });
  await user.expect(204, "POST", "/api/recovery-key", { json: { recovery: recovery("second") } });
  const lost = client();
  const ask = (text: string) => ({
    json: { username: "emmy", recovery_auth_key: key(`rk ${text}`) },
  });
  await lost.expect(401, "POST", "/api/recover", ask("emmy"));
  await lost.expect(422, "POST", "/api/recover", { json: {} });
  const { ticket } = await lost.expect(200, "POST", "/api/recover", ask("second"));
  const finish = "/api/recover/finish";
  await lost.expect(422, "POST", finish, { json: { ticket } });
  await lost.expect(200, "POST", finish, { json: { ticket, new: credential("new") } });
  await lost.expect(410, "POST", finish, { json: { ticket, new: credential("new") } });
});

test("An administrator's code", { skip }, async () => {
  await register("lise");
  const said = server.admin("reset", "lise");
  const code = /([0-9A-Z]{5}-){4}[0-9A-Z]{5}/.exec(said)?.[0];
  assert.ok(code, said);
  const user = client();
  const json = (given: string) => ({ username: "lise", code: given, new: withRecovery("new") });
  await user.expect(401, "POST", "/api/reset", { json: json("no code") });
  await user.expect(422, "POST", "/api/reset", { json: {} });
  await user.expect(200, "POST", "/api/reset", { json: json(code) });
});

test("What is kept", { skip }, async () => {
  await server.restart({ quotaBytes: 3 << 20, maxObjectBytes: 2 << 20 });
  const user = await register("chien");
  const image = bytes("an image");
  const put = (number: number, what: Uint8Array, headers = digestOf(what)) => ({
    path: `${object(number)}/body`,
    ask: { bytes: what, headers },
  });
  const send = (status: number, { path, ask }: ReturnType<typeof put>) =>
    user.expect(status, "PUT", path, ask);
  await send(201, put(1, image));
  await send(200, put(1, image));
  await send(409, put(1, bytes("other")));
  await send(400, put(2, image, {}));
  await send(400, put(2, image, digestOf(bytes("other"))));
  await send(400, put(2, bytes("")));
  await send(413, put(2, new Uint8Array((2 << 20) + 1)));
  await user.expect(201, "PUT", object(1), { json: facts("record") });
  await user.expect(200, "PUT", object(1), { json: facts("changed", 2) });
  await user.expect(409, "PUT", object(1), { json: facts("late", 2) });
  await user.expect(422, "PUT", object(1), { json: {} });
  await user.expect(413, "PUT", object(1), { json: facts("x".repeat(100_000), 3) });
  await user.expect(404, "PUT", object(2), { json: facts("no body") });
  await user.expect(200, "GET", object(1));
  await user.expect(404, "GET", object(2));
  const answer = await user.ask("GET", `${object(1)}/body`);
  assert.equal(answer.bytes.toString(), "an image");
  await user.expect(404, "GET", `${object(2)}/body`);
  await user.expect(200, "GET", "/api/objects?limit=1");
  await user.expect(400, "GET", "/api/objects?limit=none");
  // 3 MiB, of which 40,000 bytes are left for a record; which has more.
  await send(201, put(3, new Uint8Array(2 << 20)));
  await send(201, put(4, new Uint8Array((1 << 20) - 40_000)));
  await send(507, put(5, new Uint8Array(1 << 20)));
  await user.expect(507, "PUT", object(3), { json: facts("x".repeat(60_000)) });

  const other = await register("eve");
  await other.expect(404, "PUT", `${object(1)}/body`, { bytes: image, headers: digestOf(image) });
  await user.expect(204, "DELETE", object(1));
  await user.expect(404, "DELETE", object(1));
  await user.expect(200, "GET", "/api/export");
  await user.expect(204, "DELETE", "/api/account");
});

test("Without a session", { skip }, async () => {
  const nobody = client();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (!operation.responses["401"]?.["x-codes"]?.includes("session_ended")) continue;
      const at = path.replace("{id}", objectId(1));
      const binary = operation.operationId === "putBody";
      const ask = binary ? { bytes: bytes("x"), headers: digestOf(bytes("x")) } : { json: {} };
      const reads = method === "get" || (method === "delete" && at.startsWith("/api/objects"));
      await nobody.expect(401, method.toUpperCase(), at, reads ? {} : ask);
    }
  }
});

test("Ten minutes after the proof", { skip }, async () => {
  const user = await register("hedy");
  // The server does not run meanwhile: nothing else may write while it does.
  await server.stop();
  const database = new DatabaseSync(join(server.folder, "data/insitu.db"));
  database.exec("UPDATE sessions SET auth_at = auth_at - 600000");
  database.close();
  await server.start();
  for (const [method, path] of [
    ["POST", "/api/totp"],
    ["DELETE", "/api/totp"],
    ["POST", "/api/recovery-codes"],
    ["POST", "/api/recovery-key"],
    ["POST", "/api/password"],
    ["DELETE", "/api/account"],
  ] as const) {
    await user.expect(403, method, path, { json: {} });
  }
});

test("Where the server encrypts", { skip }, async () => {
  const sealing = new ApiServer();
  const by = (address: string) => new ApiClient(sealing, address, record);
  try {
    await sealing.start({ storage: "server" });
    const user = by("10.2.0.1");
    const password = "walrus bicycle teapot";
    await user.expect(200, "GET", "/api/config");
    await user.expect(422, "POST", "/api/register", { json: { username: "ada", password: "x" } });
    await user.expect(201, "POST", "/api/register", { json: { username: "ada", password } });
    await user.expect(409, "POST", "/api/recovery-key", { json: { recovery: recovery("x") } });
    const image = bytes("an image");
    const body = { bytes: image, headers: digestOf(image) };
    await user.expect(201, "PUT", `${object(1)}/body`, body);
    const json = { ...facts("record"), wrapped_key: null };
    await user.expect(201, "PUT", object(1), { json });
    await user.expect(200, "GET", `${object(1)}/body`);
    // A short password needs the second factor, and keeps it.
    const { secret } = await user.expect(200, "POST", "/api/totp", { json: {} });
    const code = appCode(secret as string);
    await user.expect(200, "POST", "/api/totp/confirm", { json: { code } });
    const short = "qm7-vw2x";
    await user.expect(200, "POST", "/api/password", {
      json: { current: { password }, new: { password: short }, user_key_version: 1 },
    });
    await user.expect(409, "DELETE", "/api/totp");
    await sealing.restart({ storage: "off", registration: "closed" });
    await user.expect(403, "PUT", `${object(2)}/body`, body);
    await user.expect(403, "PUT", object(1), { json: { ...json, record_version: 2 } });
    await user.expect(409, "PUT", "/api/settings", { json: { keep: "ask" } });
    await by("10.2.0.2").expect(403, "POST", "/api/register", {
      json: { username: "x", ...withRecovery("x") },
    });
    await sealing.restart({ registration: "invitation" });
    await by("10.2.0.3").expect(403, "POST", "/api/register", {
      json: { username: "x", ...withRecovery("x") },
    });
  } finally {
    await sealing.close();
  }
});

test("Too many attempts", { skip }, async () => {
  await server.restart({ failuresPerAddress: 1 });
  const guess = async (path: string, json: object) => {
    const guessing = client();
    let status = 0;
    for (let i = 0; i < 2; ++i) status = (await guessing.ask("POST", path, { json })).status;
    assert.equal(status, 429, path);
  };
  const username = "nobody";
  await guess("/api/login", { username, ...proof("x") });
  await guess("/api/recover", { username, recovery_auth_key: key("x") });
  await guess("/api/reset", { username, code: "x", new: withRecovery("x") });
  await guess("/api/register", { username: "grace", ...withRecovery("x") });
  const user = await register("barbara");
  await user.expect(429, "POST", "/api/reauthenticate", { json: proof("x") });
  await user.expect(429, "POST", "/api/password", {
    json: { current: proof("x"), new: credential("x"), user_key_version: 1 },
  });
});

test("Too many at once", { skip }, async () => {
  await server.restart();
  const crowd = Array.from({ length: 60 }, (_, i) => {
    const json = { username: `nobody ${i}`, ...proof("x") };
    return client().ask("POST", "/api/login", { json });
  });
  const statuses = new Set((await Promise.all(crowd)).map((answer) => answer.status));
  assert.deepEqual([...statuses].sort(), [401, 503]);
});

test("About to stop", { skip }, async () => {
  await server.restart({ drainSeconds: 2 });
  server.signal();
  let status = 200;
  while (status === 200) ({ status } = await client().ask("GET", "/readyz"));
  assert.equal(status, 503);
});

test("All that is documented was reached, and nothing else", { skip }, () => {
  assert.deepEqual(undocumented, []);
  const missing: string[] = [];
  for (const methods of Object.values(document.paths)) {
    for (const { operationId, responses } of Object.values(methods)) {
      for (const [status, { "x-codes": codes }] of Object.entries(responses)) {
        if (status === "default") continue;
        const all = reached.get(operationId);
        if (!all?.has(status)) missing.push(`${operationId} ${status}`);
        for (const code of codes ?? []) {
          if (code === "storage_unavailable") continue; // a broken disk: tests/faults
          if (!all?.has(`${status} ${code}`)) missing.push(`${operationId} ${status} ${code}`);
        }
      }
    }
  }
  assert.deepEqual(missing, []);
});
