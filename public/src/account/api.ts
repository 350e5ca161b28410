// The only file that talks HTTP to the server. Every failure is an ApiError with a stable code.
import type {
  Config,
  Credential,
  CurrentSession,
  EncryptedCredential,
  Exported,
  KeepSetting,
  KeptObject,
  LoginReply,
  ObjectFacts,
  ObjectPage,
  Prelogin,
  Problem,
  Proof,
  RecoveryCredential,
  RecoveryOpened,
  SessionFacts,
  SignedIn,
  TotpSecret,
  User,
} from "./api-types.ts";
import type { Bytes } from "./bytes.ts";
import { contentDigest } from "./vault.ts";

// The codes are those of the server's problems, and:
//   offline     no answer came
//   bad_answer  something answered that is no InSitu server
//   cancelled   the person asked to stop
export class ApiError extends Error {
  readonly code: string;
  readonly status: number; // 0: there was no answer
  readonly retryAfterSeconds: number | null;
  readonly fields: NonNullable<Problem["errors"]>;

  constructor(
    code: string,
    status: number,
    detail = "",
    retryAfterSeconds: number | null = null,
    fields: NonNullable<Problem["errors"]> = [],
  ) {
    super(detail);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
    this.fields = fields;
  }
}

// A request that this file made, so that the page can tell its own count of them.
export interface SentRequest {
  url: string;
  bytes: number; // of the body
}

export interface ApiOptions {
  base: string; // of the page, ends with "/"
  fetch: typeof fetch;
  onSent?: (request: SentRequest) => void;
  onSessionEnded?: () => void;
}

interface Call {
  json?: unknown;
  body?: Bytes;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  signedIn?: boolean; // a 401 means that the session ended, not that a password was wrong
}

async function problemOf(response: Response): Promise<ApiError> {
  const { status } = response;
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN);
  const retryAfter = Number.isFinite(wait) ? wait : null;
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  if (typeof problem?.code !== "string") return new ApiError("bad_answer", status, "", retryAfter);
  const { code, detail = "", errors = [] } = problem;
  return new ApiError(code, status, detail, retryAfter, errors);
}

export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  // --- Signing up, in and out -------------------------------------------------------------------

  config(): Promise<Config> {
    return this.#json("GET", "config");
  }

  session(): Promise<CurrentSession> {
    return this.#json("GET", "session");
  }

  prelogin(username: string): Promise<Prelogin> {
    return this.#json("POST", "prelogin", { json: { username } });
  }

  register(account: { username: string; invitation?: string } & Credential): Promise<SignedIn> {
    return this.#json("POST", "register", { json: account });
  }

  login(account: { username: string } & Proof): Promise<LoginReply> {
    return this.#json("POST", "login", { json: account });
  }

  secondFactor(ticket: string, code: string): Promise<SignedIn> {
    return this.#json("POST", "login/second-factor", { json: { ticket, code } });
  }

  recover(username: string, recoveryAuthKey: string): Promise<RecoveryOpened> {
    const json = { username, recovery_auth_key: recoveryAuthKey };
    return this.#json("POST", "recover", { json });
  }

  finishRecovery(ticket: string, credential: EncryptedCredential): Promise<LoginReply> {
    return this.#json("POST", "recover/finish", { json: { ticket, new: credential } });
  }

  reset(username: string, code: string, credential: Credential): Promise<LoginReply> {
    return this.#json("POST", "reset", { json: { username, code, new: credential } });
  }

  async logout(): Promise<void> {
    await this.#done("POST", "logout", { json: {} });
  }

  // --- One's own account ------------------------------------------------------------------------

  // What changes the account itself is only done within ten minutes of this.
  reauthenticate(proof: Proof): Promise<SignedIn> {
    return this.#json("POST", "reauthenticate", { json: proof });
  }

  changePassword(change: {
    current: Proof;
    new: Credential;
    user_key_version: number;
  }): Promise<SignedIn> {
    return this.#json("POST", "password", { json: change, signedIn: true });
  }

  async sessions(): Promise<SessionFacts[]> {
    const { items } = await this.#json<{ items: SessionFacts[] }>("GET", "sessions", {
      signedIn: true,
    });
    return items;
  }

  async endSession(id: string): Promise<void> {
    await this.#done("DELETE", `sessions/${encodeURIComponent(id)}`, { signedIn: true });
  }

  async endOtherSessions(): Promise<void> {
    await this.#done("DELETE", "sessions", { signedIn: true });
  }

  newTotp(): Promise<TotpSecret> {
    return this.#json("POST", "totp", { json: {}, signedIn: true });
  }

  confirmTotp(code: string): Promise<{ recovery_codes: string[] }> {
    return this.#json("POST", "totp/confirm", { json: { code } });
  }

  async removeTotp(): Promise<void> {
    await this.#done("DELETE", "totp", { signedIn: true });
  }

  newRecoveryCodes(): Promise<{ recovery_codes: string[] }> {
    return this.#json("POST", "recovery-codes", { json: {}, signedIn: true });
  }

  async setRecoveryKey(recovery: RecoveryCredential): Promise<void> {
    await this.#done("POST", "recovery-key", { json: { recovery }, signedIn: true });
  }

  setSettings(settings: { keep: KeepSetting; recovery_confirmed?: boolean }): Promise<User> {
    return this.#json("PUT", "settings", { json: settings, signedIn: true });
  }

  exportAll(): Promise<Exported> {
    return this.#json("GET", "export", { signedIn: true });
  }

  async deleteAccount(): Promise<void> {
    await this.#done("DELETE", "account", { signedIn: true });
  }

  // --- What is kept -----------------------------------------------------------------------------

  objects(cursor: string | null): Promise<ObjectPage> {
    const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    return this.#json("GET", `objects${query}`, { signedIn: true });
  }

  object(id: string): Promise<KeptObject> {
    return this.#json("GET", `objects/${id}`, { signedIn: true });
  }

  async body(id: string, signal?: AbortSignal): Promise<Bytes> {
    const call: Call = { signedIn: true, ...(signal === undefined ? {} : { signal }) };
    const response = await this.#send("GET", `objects/${id}/body`, call);
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch {
      throw new ApiError(signal?.aborted === true ? "cancelled" : "offline", 0);
    }
  }

  async putBody(id: string, body: Bytes, signal: AbortSignal): Promise<void> {
    const headers = {
      "content-type": "application/octet-stream",
      "content-digest": await contentDigest(body),
    };
    await this.#done("PUT", `objects/${id}/body`, { body, headers, signal, signedIn: true });
  }

  async putObject(id: string, facts: ObjectFacts): Promise<void> {
    await this.#done("PUT", `objects/${id}`, { json: facts, signedIn: true });
  }

  async deleteObject(id: string): Promise<void> {
    await this.#done("DELETE", `objects/${id}`, { signedIn: true });
  }

  // ----------------------------------------------------------------------------------------------

  // The reply is read to its end: only then does the browser count the request.
  async #done(method: string, path: string, call: Call): Promise<void> {
    const response = await this.#send(method, path, call);
    await response.arrayBuffer().catch(() => undefined);
  }

  async #json<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const response = await this.#send(method, path, call);
    try {
      return (await response.json()) as T;
    } catch {
      throw new ApiError("bad_answer", response.status);
    }
  }

  async #send(method: string, path: string, call: Call): Promise<Response> {
    const { base, onSent, onSessionEnded } = this.#options;
    const url = new URL(`api/${path}`, base).href;
    const json = call.json === undefined ? null : JSON.stringify(call.json);
    const body = call.body ?? json;
    const headers = json === null ? call.headers : { "content-type": "application/json" };
    const bytes = call.body?.length ?? new TextEncoder().encode(json ?? "").length;
    onSent?.({ url, bytes });
    let response: Response;
    try {
      response = await this.#options.fetch(url, {
        method,
        body,
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        ...(headers === undefined ? {} : { headers }),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
    } catch {
      throw new ApiError(call.signal?.aborted === true ? "cancelled" : "offline", 0);
    }
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (problem.status === 401 && call.signedIn === true) onSessionEnded?.();
    throw problem;
  }
}
