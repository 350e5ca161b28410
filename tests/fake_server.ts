// A server of the page's API in memory, for tests of the page's own logic. The real one is driven by
// tests/page/account.test.ts.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import type {
  Config,
  EncryptedCredential,
  KeptObject,
  SessionFacts,
  User,
} from "../public/src/account/api-types.ts";

type Json = Record<string, unknown>;

type FakeObject = KeptObject & { body: Uint8Array | null; ready: boolean };

interface FakeUser {
  user: User;
  credential: EncryptedCredential | { password: string };
  version: number;
  resetCode: string | null;
  recoveryCodes: string[];
  objects: Map<string, FakeObject>;
}

interface FakeSession extends SessionFacts {
  userId: string;
  freshUntil: number;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

export const TOTP_CODE = "123456"; // the one that is always right here
const FRESH_MS = 600_000;
const MAX_OBJECT_BYTES = 70 * 1024 * 1024;

export const CONFIG: Config = {
  registration: "open",
  storage: "e2e",
  scheme: "e2e",
  kdf: { algorithm: "argon2id", memory_kib: 19_456, passes: 2, lanes: 1 },
  password: { min: 15, min_with_second_factor: 8, max_bytes: 256 },
  limits: { object_bytes: MAX_OBJECT_BYTES, quota_bytes: 2 ** 30, json_bytes: 131_072 },
  session: { idle_seconds: 1_800, absolute_seconds: 43_200 },
};

const token = () => randomBytes(16).toString("hex");
const norm = (name: string) => name.trim().toLowerCase();

export class FakeServer {
  readonly config: Config;
  readonly users = new Map<string, FakeUser>(); // by normal name
  readonly sessions = new Map<string, FakeSession>(); // by token
  readonly calls: { method: string; path: string; body: Uint8Array }[] = [];
  readonly #tickets = new Map<string, { name: string; kind: string }>();
  now = Date.UTC(2026, 10, 24, 12);
  pageSize = 100;
  // A test may answer a request itself: with a status, or by not answering ("offline").
  intercept: ((method: string, path: string) => Response | "offline" | null) | null = null;

  constructor(config: Partial<Config> = {}) {
    this.config = { ...CONFIG, ...config };
  }

  // A browser of its own: a fetch with its own cookie.
  browser(): typeof fetch {
    let cookie: string | null = null;
    return async (input, init) => {
      const request = new Request(input, init);
      init?.signal?.throwIfAborted();
      const reply = await this.handle(request, cookie);
      const set = reply.headers.get("x-session");
      if (set !== null) cookie = set === "" ? null : set;
      return reply;
    };
  }

  async handle(request: Request, cookie: string | null): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/api\//, "");
    const body = new Uint8Array(await request.arrayBuffer());
    this.calls.push({ method: request.method, path, body });
    const own = this.intercept?.(request.method, path) ?? null;
    if (own === "offline") throw new TypeError("Failed to fetch");
    if (own !== null) return own;
    try {
      return this.#route(request, url, path, body, cookie);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const problem = { status: error.status, code: error.code, title: error.code };
      const headers = { "content-type": "application/problem+json" };
      return new Response(JSON.stringify(problem), { status: error.status, headers });
    }
  }

  // The server forgets a session, as when it expires.
  endAllSessions(): void {
    this.sessions.clear();
  }

  #route(
    request: Request,
    url: URL,
    path: string,
    body: Uint8Array,
    cookie: string | null,
  ): Response {
    const { method } = request;
    const isJson = request.headers.get("content-type")?.startsWith("application/json") === true;
    const json = isJson ? (JSON.parse(Buffer.from(body).toString()) as Json) : {};
    const session = cookie === null ? undefined : this.sessions.get(cookie);
    const key = `${method} ${path}`;
    const open: Record<string, () => Response> = {
      "GET config": () => Response.json(this.config),
      "GET session": () => this.#current(session),
      "POST prelogin": () => Response.json(this.#prelogin(String(json["username"]))),
      "POST register": () => this.#register(json),
      "POST login": () => this.#login(json),
      "POST login/second-factor": () => this.#secondFactor(json),
      "POST recover": () => this.#recover(json),
      "POST recover/finish": () => this.#finishRecovery(json),
      "POST reset": () => this.#reset(json),
    };
    const answer = open[key];
    if (answer !== undefined) return answer();
    if (session === undefined) throw new Refusal(401, "not_signed_in");
    const account = this.#accountOf(session);
    const [resource, id, part] = path.split("/");
    if (resource === "objects") {
      return this.#objects(account, method, id, part, json, body, url.searchParams, request);
    }
    return this.#own(account, session, key, id, json, cookie ?? "");
  }

  #own(
    account: FakeUser,
    session: FakeSession,
    key: string,
    id: string | undefined,
    json: Json,
    cookie: string,
  ): Response {
    const none = () => new Response(null, { status: 204 });
    const fresh = () => {
      if (this.now > session.freshUntil) throw new Refusal(403, "reauthentication_required");
    };
    const { user } = account;
    switch (key.startsWith("DELETE sessions/") ? "DELETE sessions/*" : key) {
      case "POST logout":
        this.sessions.delete(cookie);
        return new Response(null, { status: 204, headers: { "x-session": "" } });
      case "POST reauthenticate":
        if (!this.#proves(account, json)) throw new Refusal(401, "invalid_credentials");
        this.sessions.delete(cookie);
        return this.#enter(account);
      case "POST password": {
        fresh();
        if (!this.#proves(account, json["current"] as Json)) {
          throw new Refusal(403, "invalid_credentials");
        }
        if (json["user_key_version"] !== account.version)
          throw new Refusal(409, "user_key_changed");
        const { recovery } = account.credential as EncryptedCredential;
        account.credential = {
          ...(json["new"] as EncryptedCredential),
          ...(recovery && { recovery }),
        };
        this.#endAll(user.id);
        return this.#enter(account);
      }
      case "GET sessions": {
        const mine = [...this.sessions.values()].filter(({ userId }) => userId === user.id);
        const items = mine.map(({ userId: _u, freshUntil: _f, ...facts }) => ({
          ...facts,
          current: facts.id === session.id,
        }));
        return Response.json({ items });
      }
      case "DELETE sessions/*": {
        const found = [...this.sessions].find(
          ([, other]) => other.id === id && other.userId === user.id,
        );
        if (found === undefined) throw new Refusal(404, "not_found");
        this.sessions.delete(found[0]);
        return none();
      }
      case "DELETE sessions":
        for (const [name, other] of this.sessions) {
          if (other.userId === user.id && other.id !== session.id) this.sessions.delete(name);
        }
        return none();
      case "POST totp":
        fresh();
        return Response.json({
          secret: "JBSWY3DPEHPK3PXP",
          uri: `otpauth://totp/InSitu:${user.username}?secret=JBSWY3DPEHPK3PXP&issuer=InSitu`,
        });
      case "POST totp/confirm":
        if (json["code"] !== TOTP_CODE) throw new Refusal(401, "code_invalid");
        user.totp = true;
        return this.#newCodes(account);
      case "DELETE totp":
        fresh();
        user.totp = false;
        user.recovery_codes_left = 0;
        return none();
      case "POST recovery-codes":
        fresh();
        return this.#newCodes(account);
      case "POST recovery-key":
        fresh();
        account.credential = { ...account.credential, ...json };
        user.recovery_confirmed = false;
        return none();
      case "PUT settings":
        if (json["recovery_confirmed"] === true) user.recovery_confirmed = true;
        if (json["keep"] !== "never" && user.scheme === "e2e" && !user.recovery_confirmed) {
          throw new Refusal(409, "recovery_not_confirmed");
        }
        user.keep = json["keep"] as User["keep"];
        return Response.json(user);
      case "GET export":
        return Response.json({ user, sessions: [], events: [{ event: "login" }], objects: [] });
      case "DELETE account":
        fresh();
        this.users.delete(norm(user.username));
        this.#endAll(user.id);
        return none();
      default:
        throw new Refusal(404, "not_found");
    }
  }

  #objects(
    account: FakeUser,
    method: string,
    id: string | undefined,
    part: string | undefined,
    json: Json,
    body: Uint8Array,
    query: URLSearchParams,
    request: Request,
  ): Response {
    const { objects, user } = account;
    const shown = ({ body: _b, ready: _r, ...facts }: FakeObject): KeptObject => facts;
    if (id === undefined) {
      const from = Number(query.get("cursor") ?? 0);
      const ready = [...objects.values()].filter((object) => object.ready).reverse();
      const items = ready.slice(from, from + this.pageSize).map(shown);
      const next = from + this.pageSize < ready.length ? String(from + this.pageSize) : null;
      return Response.json({ items, next });
    }
    const found = objects.get(id);
    if (method === "PUT" && part === "body") {
      const digest = createHash("sha256").update(body).digest("base64");
      if (request.headers.get("content-digest") !== `sha-256=:${digest}:`) {
        throw new Refusal(400, "digest_wrong");
      }
      if (body.length > this.config.limits.object_bytes) throw new Refusal(413, "object_too_large");
      if (user.used_bytes + body.length > user.quota_bytes)
        throw new Refusal(507, "quota_exceeded");
      if (found?.body != null) {
        const same = Buffer.compare(found.body, body) === 0;
        if (!same) throw new Refusal(409, "object_differs");
        return new Response(null, { status: 200 });
      }
      const times = { created_at: this.now, updated_at: this.now };
      const facts = { wrapped_key: null, record: "", record_version: 0 };
      objects.set(id, { id, ...times, ...facts, body_bytes: body.length, body, ready: false });
      user.used_bytes += body.length;
      return new Response(null, { status: 201 });
    }
    if (found === undefined) throw new Refusal(404, "not_found");
    if (method === "DELETE") {
      objects.delete(id);
      user.used_bytes -= found.body_bytes;
      return new Response(null, { status: 204 });
    }
    if (method === "PUT") {
      if (json["record_version"] !== found.record_version + 1)
        throw new Refusal(409, "record_changed");
      Object.assign(found, json, { updated_at: this.now, ready: true });
      return new Response(null, { status: found.record_version === 1 ? 201 : 200 });
    }
    if (part === "body") return new Response(Buffer.from(found.body ?? []));
    return Response.json(shown(found));
  }

  #accountOf(session: FakeSession): FakeUser {
    const found = [...this.users.values()].find(({ user }) => user.id === session.userId);
    if (found === undefined) throw new Refusal(401, "not_signed_in");
    return found;
  }

  #proves(account: FakeUser, proof: Json): boolean {
    const { credential } = account;
    return "password" in credential
      ? proof["password"] === credential.password
      : proof["auth_key"] === credential.auth_key;
  }

  #prelogin(username: string): Json {
    const credential = this.users.get(norm(username))?.credential;
    const { scheme, kdf } = this.config;
    if (credential === undefined || "password" in credential) {
      return { scheme, kdf, salt: Buffer.alloc(16, 7).toString("base64url") };
    }
    return { scheme: "e2e", kdf: credential.kdf, salt: credential.salt };
  }

  #register(json: Json): Response {
    const { username, invitation, ...credential } = json as { username: string } & Json;
    if (this.config.registration === "closed") throw new Refusal(403, "registration_closed");
    if (this.config.registration === "invitation" && invitation !== "invited") {
      throw new Refusal(403, "invitation_invalid");
    }
    if (this.users.has(norm(username))) throw new Refusal(409, "username_taken");
    const account: FakeUser = {
      user: {
        id: randomUUID(),
        username,
        created_at: this.now,
        totp: false,
        recovery_codes_left: 0,
        keep: "never",
        recovery_confirmed: false,
        used_bytes: 0,
        quota_bytes: this.config.limits.quota_bytes,
        scheme: this.config.scheme,
      },
      credential: credential as unknown as EncryptedCredential,
      version: 1,
      resetCode: null,
      recoveryCodes: [],
      objects: new Map(),
    };
    this.users.set(norm(username), account);
    return this.#enter(account, 201);
  }

  #login(json: Json): Response {
    const account = this.users.get(norm(String(json["username"])));
    if (account === undefined || !this.#proves(account, json)) {
      throw new Refusal(401, "invalid_credentials");
    }
    return this.#enterOrAsk(account);
  }

  #enterOrAsk(account: FakeUser): Response {
    if (!account.user.totp) return this.#enter(account);
    return Response.json({
      second_factor: ["totp", "recovery_code"],
      ticket: this.#ticket(account, "second-factor"),
    });
  }

  #ticket({ user }: FakeUser, kind: string): string {
    const ticket = token();
    this.#tickets.set(ticket, { name: norm(user.username), kind });
    return ticket;
  }

  #spend(ticket: unknown, kind: string): FakeUser {
    const found = this.#tickets.get(String(ticket));
    const account = found?.kind === kind ? this.users.get(found.name) : undefined;
    if (account === undefined) throw new Refusal(410, "ticket_expired");
    return account;
  }

  #secondFactor(json: Json): Response {
    const account = this.#spend(json["ticket"], "second-factor");
    const code = String(json["code"]);
    const left = account.recoveryCodes.filter((other) => other !== code);
    if (code !== TOTP_CODE && left.length === account.recoveryCodes.length) {
      throw new Refusal(401, "code_invalid");
    }
    account.recoveryCodes = left;
    account.user.recovery_codes_left = left.length;
    return this.#enter(account);
  }

  #recover(json: Json): Response {
    const account = this.users.get(norm(String(json["username"])));
    const recovery = (account?.credential as EncryptedCredential | undefined)?.recovery;
    if (account === undefined || recovery?.auth_key !== json["recovery_auth_key"]) {
      throw new Refusal(401, "invalid_credentials");
    }
    return Response.json({
      ticket: this.#ticket(account, "recover"),
      wrapped_user_key: recovery?.wrapped_user_key,
      user_key_version: account.version,
    });
  }

  #finishRecovery(json: Json): Response {
    const account = this.#spend(json["ticket"], "recover");
    account.credential = { ...account.credential, ...(json["new"] as EncryptedCredential) };
    this.#endAll(account.user.id);
    return this.#enterOrAsk(account);
  }

  #reset(json: Json): Response {
    const account = this.users.get(norm(String(json["username"])));
    if (account === undefined || account.resetCode !== json["code"]) {
      throw new Refusal(401, "invalid_credentials");
    }
    account.credential = json["new"] as EncryptedCredential;
    account.version += 1;
    account.resetCode = null;
    account.objects.clear();
    Object.assign(account.user, { used_bytes: 0, recovery_confirmed: false });
    this.#endAll(account.user.id);
    return this.#enterOrAsk(account);
  }

  #newCodes(account: FakeUser): Response {
    account.recoveryCodes = Array.from({ length: 10 }, (_, index) => `code-${index}-${token()}`);
    account.user.recovery_codes_left = 10;
    return Response.json({ recovery_codes: account.recoveryCodes });
  }

  #endAll(userId: string): void {
    for (const [name, session] of this.sessions) {
      if (session.userId === userId) this.sessions.delete(name);
    }
  }

  #facts(account: FakeUser, session: FakeSession): Json {
    const { userId: _u, freshUntil: _f, ...facts } = session;
    const wrapped =
      "wrapped_user_key" in account.credential ? account.credential.wrapped_user_key : null;
    return {
      user: account.user,
      session: facts,
      wrapped_user_key: wrapped,
      user_key_version: account.version,
    };
  }

  #current(session: FakeSession | undefined): Response {
    if (session === undefined) return Response.json({ user: null, session: null });
    return Response.json(this.#facts(this.#accountOf(session), session));
  }

  #enter(account: FakeUser, status = 200): Response {
    const { session: times } = this.config;
    const session: FakeSession = {
      id: randomUUID(),
      userId: account.user.id,
      current: true,
      created_at: this.now,
      last_seen_at: this.now,
      idle_expires_at: this.now + times.idle_seconds * 1000,
      expires_at: this.now + times.absolute_seconds * 1000,
      address: "192.0.2.0",
      browser: "Chromium on Linux",
      freshUntil: this.now + FRESH_MS,
    };
    const name = token();
    this.sessions.set(name, session);
    const headers = { "x-session": name };
    return Response.json(this.#facts(account, session), { status, headers });
  }
}
