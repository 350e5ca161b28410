// Who is signed in, and everything one can do with one's account. No DOM: the views call this, and
// look at its state when onChange says so.
import type { Api } from "./api.ts";
import { ApiError } from "./api.ts";
import type {
  Config,
  Credential,
  EncryptedCredential,
  KeepSetting,
  LoginReply,
  Prelogin,
  Proof,
  SecondFactorWanted,
  SessionFacts,
  SignedIn,
  TotpSecret,
  User,
} from "./api-types.ts";
import { base64url, fromBase64, type Bytes } from "./bytes.ts";
import type { KeyStore } from "./key-store.ts";
import * as vault from "./vault.ts";

// locked: the session goes on, but this browser does not hold the key to what is kept.
export type AccountState = "signed-out" | "signed-in" | "locked";

export type SignInStep = "done" | "second-factor";

// A user key wrapped before the server has told its version, by a reset code.
const VERSION_UNKNOWN = 0;

interface Proven {
  proof: Proof;
  keys: vault.SecretKeys | null; // null: the server is told the password
}

export interface AccountOptions {
  api: Api;
  config: Config;
  keys: KeyStore;
  hash: vault.HashPassword;
  onChange: () => void;
}

export class Account {
  readonly config: Config;
  readonly #api: Api;
  readonly #keys: KeyStore;
  readonly #hash: vault.HashPassword;
  readonly #onChange: () => void;
  #user: User | null = null;
  #session: SessionFacts | null = null;
  #key: CryptoKey | null = null;
  #ended = false;
  #pending: {
    ticket: string;
    username: string;
    finish: (reply: SignedIn) => Promise<void>;
  } | null = null;
  #recovery: { ticket: string; username: string; userKey: Bytes; version: number } | null = null;
  #shownRecoveryKey: Bytes | null = null;

  constructor(options: AccountOptions) {
    this.config = options.config;
    this.#api = options.api;
    this.#keys = options.keys;
    this.#hash = options.hash;
    this.#onChange = options.onChange;
  }

  get user(): User | null {
    return this.#user;
  }

  get session(): SessionFacts | null {
    return this.#session;
  }

  get key(): CryptoKey | null {
    return this.#key;
  }

  get state(): AccountState {
    if (this.#user === null) return "signed-out";
    return this.needsKey && this.#key === null ? "locked" : "signed-in";
  }

  // The session ended by itself; true until somebody signs in or out.
  get ended(): boolean {
    return this.#ended;
  }

  get needsKey(): boolean {
    return this.#user?.scheme === "e2e";
  }

  // What is kept, and how: null while nothing is.
  get keeps(): "ask" | "always" | null {
    const { storage } = this.config;
    if (this.#user === null || storage === "off" || this.#user.keep === "never") return null;
    if (storage === "e2e" && !this.#user.recovery_confirmed) return null;
    return this.#user.keep;
  }

  // The recovery key that was just made, to be shown once; null when it is not in memory any more.
  get shownRecoveryKey(): Bytes | null {
    return this.#shownRecoveryKey;
  }

  // Takes up the session that the browser still has.
  async start(): Promise<void> {
    const current = await this.#api.session();
    if (current.user === null) await this.#keys.clear();
    else {
      this.#user = current.user;
      this.#session = current.session;
      this.#key = await this.#keys.get(current.user.id);
    }
    this.#onChange();
  }

  // --- Signing up, in and out -------------------------------------------------------------------

  async register(username: string, password: string, invitation: string): Promise<void> {
    const { credential, userKey, recoveryKey } = await this.#newCredential(username, password, 1);
    const name = username.trim();
    const invited = invitation === "" ? {} : { invitation: invitation.trim() };
    const reply = await this.#api.register({ username: name, ...invited, ...credential });
    await this.#enter(reply, userKey);
    this.#shownRecoveryKey = recoveryKey;
    this.#onChange();
  }

  async signIn(username: string, password: string): Promise<SignInStep> {
    const { proof, keys } = await this.#prove(username, password);
    const reply = await this.#api.login({ username: username.trim(), ...proof });
    return this.#after(reply, username, (signedIn) => this.#enterWith(signedIn, keys));
  }

  async secondFactor(code: string): Promise<void> {
    const pending = this.#pending;
    if (pending === null) throw new ApiError("ticket_expired", 0);
    const reply = await this.#api.secondFactor(pending.ticket, code);
    await pending.finish(reply);
    this.#pending = null;
  }

  // The key to what is kept, from the password: where this browser has lost it.
  async unlock(password: string): Promise<void> {
    if (this.#user === null) return;
    await this.#reauthenticated(password);
  }

  async signOut(): Promise<void> {
    try {
      await this.#api.logout();
    } catch (error) {
      // A session that the server no longer knows is what was asked for.
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    await this.#leave(false);
  }

  // Told by Api: the server no longer knows the session. The person's images stay on the page.
  async sessionEnded(): Promise<void> {
    if (this.#user !== null) await this.#leave(true);
  }

  // --- When the password is lost ----------------------------------------------------------------

  async recover(username: string, recoveryKey: Bytes): Promise<void> {
    const { authKey, wrappingKey } = await vault.keysOfRecoveryKey(recoveryKey);
    const opened = await this.#api.recover(username.trim(), authKey);
    const version = opened.user_key_version;
    const userKey = await unwrapAny(wrappingKey, opened.wrapped_user_key, username, version);
    this.#recovery = { ticket: opened.ticket, username, userKey, version };
  }

  async finishRecovery(password: string): Promise<SignInStep> {
    const recovery = this.#recovery;
    if (recovery === null) throw new ApiError("ticket_expired", 0);
    const { username, userKey, version, ticket } = recovery;
    const credential = await this.#wrapFor(username, password, userKey, version);
    const reply = await this.#api.finishRecovery(ticket, credential);
    this.#recovery = null;
    return this.#after(reply, username, (signedIn) => this.#enter(signedIn, userKey));
  }

  // With the operator's code. What was kept cannot be opened by anybody any more and is deleted.
  async reset(username: string, code: string, password: string): Promise<SignInStep> {
    const made = await this.#newCredential(username, password, VERSION_UNKNOWN);
    const reply = await this.#api.reset(username.trim(), code.trim(), made.credential);
    return this.#after(reply, username, async (signedIn) => {
      await this.#enter(signedIn, made.userKey);
      this.#shownRecoveryKey = made.recoveryKey;
    });
  }

  // --- Changes to the account -------------------------------------------------------------------

  async changePassword(current: string, next: string): Promise<void> {
    const { proof, userKey, reply } = await this.#reauthenticated(current);
    const { username } = reply.user;
    const version = reply.user_key_version;
    const credential: Credential =
      userKey === null
        ? { password: next.normalize("NFKC") }
        : await this.#wrapFor(username, next, userKey, version);
    const change = { current: proof, new: credential, user_key_version: version };
    await this.#enter(await this.#api.changePassword(change), userKey);
  }

  // Makes a new recovery key, which takes the place of the one before.
  async newRecoveryKey(password: string): Promise<void> {
    const { userKey, reply } = await this.#reauthenticated(password);
    if (userKey === null) return;
    const recoveryKey = vault.newRecoveryKey();
    const { username } = reply.user;
    await this.#api.setRecoveryKey(
      await vault.recoveryCredential(recoveryKey, userKey, username, reply.user_key_version),
    );
    this.#shownRecoveryKey = recoveryKey;
    await this.#refresh({ ...reply.user, recovery_confirmed: false });
  }

  // Whether what was typed is the recovery key that was shown; from then on things may be kept.
  // keep: what the person wanted when the key was asked for.
  async confirmRecoveryKey(typed: Bytes, keep = this.#user?.keep ?? "never"): Promise<boolean> {
    const shown = this.#shownRecoveryKey;
    if (shown === null || this.#user === null || base64url(shown) !== base64url(typed))
      return false;
    await this.#refresh(await this.#api.setSettings({ keep, recovery_confirmed: true }));
    this.forgetRecoveryKey();
    return true;
  }

  forgetRecoveryKey(): void {
    this.#shownRecoveryKey?.fill(0);
    this.#shownRecoveryKey = null;
  }

  async setKeep(keep: KeepSetting): Promise<void> {
    await this.#refresh(await this.#api.setSettings({ keep }));
  }

  async beginTotp(password: string): Promise<TotpSecret> {
    await this.#reauthenticated(password);
    return this.#api.newTotp();
  }

  async confirmTotp(code: string): Promise<string[]> {
    const { recovery_codes: codes } = await this.#api.confirmTotp(code);
    if (this.#user !== null) {
      await this.#refresh({ ...this.#user, totp: true, recovery_codes_left: codes.length });
    }
    return codes;
  }

  async removeTotp(password: string): Promise<void> {
    const { reply } = await this.#reauthenticated(password);
    await this.#api.removeTotp();
    await this.#refresh({ ...reply.user, totp: false, recovery_codes_left: 0 });
  }

  async newRecoveryCodes(password: string): Promise<string[]> {
    const { reply } = await this.#reauthenticated(password);
    const { recovery_codes: codes } = await this.#api.newRecoveryCodes();
    await this.#refresh({ ...reply.user, recovery_codes_left: codes.length });
    return codes;
  }

  async deleteAccount(password: string): Promise<void> {
    await this.#reauthenticated(password);
    await this.#api.deleteAccount();
    await this.#leave(false);
  }

  // After something was kept or deleted: how much room is left.
  async refresh(): Promise<void> {
    const current = await this.#api.session();
    if (current.user === null) await this.sessionEnded();
    else await this.#refresh(current.user);
  }

  // ----------------------------------------------------------------------------------------------

  async #prove(username: string, password: string): Promise<Proven> {
    return this.#proofFrom(await this.#api.prelogin(username.trim()), password);
  }

  async #proofFrom({ scheme, salt, kdf }: Prelogin, password: string): Promise<Proven> {
    if (scheme === "password") {
      // A server that says end-to-end encryption must not get the password by saying otherwise.
      if (this.config.storage === "e2e") throw new vault.VaultError("kdf_refused");
      return { proof: { password: password.normalize("NFKC") }, keys: null };
    }
    const keys = await vault.keysOfPassword(this.#hash, password, fromBase64(salt), kdf);
    return { proof: { auth_key: keys.authKey }, keys };
  }

  // Everything that changes the account asks for the password anew.
  async #reauthenticated(
    password: string,
  ): Promise<{ proof: Proof; userKey: Bytes | null; reply: SignedIn }> {
    const user = this.#user;
    if (user === null) throw new ApiError("session_ended", 401);
    const { proof, keys } = await this.#prove(user.username, password);
    const reply = await this.#api.reauthenticate(proof);
    const userKey = await userKeyOf(reply, keys);
    await this.#enter(reply, userKey);
    return { proof, userKey, reply };
  }

  async #wrapFor(
    username: string,
    password: string,
    userKey: Bytes,
    version: number,
  ): Promise<EncryptedCredential> {
    const salt = vault.newSalt();
    const { kdf } = this.config;
    const keys = await vault.keysOfPassword(this.#hash, password, salt, kdf);
    const wrapped = await vault.wrapUserKey(keys.wrappingKey, userKey, username, version);
    return { auth_key: keys.authKey, salt: base64url(salt), kdf, wrapped_user_key: wrapped };
  }

  async #newCredential(
    username: string,
    password: string,
    version: number,
  ): Promise<{ credential: Credential; userKey: Bytes | null; recoveryKey: Bytes | null }> {
    if (this.config.scheme === "password") {
      const credential = { password: password.normalize("NFKC") };
      return { credential, userKey: null, recoveryKey: null };
    }
    const userKey = vault.newUserKey();
    const recoveryKey = vault.newRecoveryKey();
    const [wrapped, recovery] = await Promise.all([
      this.#wrapFor(username, password, userKey, version),
      vault.recoveryCredential(recoveryKey, userKey, username, version),
    ]);
    return { credential: { ...wrapped, recovery }, userKey, recoveryKey };
  }

  async #after(
    reply: LoginReply,
    username: string,
    finish: (reply: SignedIn) => Promise<void>,
  ): Promise<SignInStep> {
    if (wantsSecondFactor(reply)) {
      this.#pending = { ticket: reply.ticket, username, finish };
      return "second-factor";
    }
    await finish(reply);
    return "done";
  }

  async #enterWith(reply: SignedIn, keys: vault.SecretKeys | null): Promise<void> {
    await this.#enter(reply, await userKeyOf(reply, keys));
  }

  async #enter(reply: SignedIn, userKey: Bytes | null): Promise<void> {
    const key = userKey === null ? null : await vault.usableKey(userKey);
    if (reply.user.id !== this.#user?.id) await this.#keys.clear();
    if (key !== null) await this.#keys.put(reply.user.id, key);
    this.#key = key;
    this.#user = reply.user;
    this.#session = reply.session;
    this.#ended = false;
    this.#onChange();
  }

  async #leave(ended: boolean): Promise<void> {
    this.#user = null;
    this.#session = null;
    this.#key = null;
    this.#ended = ended;
    this.forgetRecoveryKey();
    await this.#keys.clear();
    this.#onChange();
  }

  #refresh(user: User): Promise<void> {
    if (this.#user !== null) this.#user = user;
    this.#onChange();
    return Promise.resolve();
  }
}

function wantsSecondFactor(reply: LoginReply): reply is SecondFactorWanted {
  return "ticket" in reply;
}

async function unwrapAny(
  wrappingKey: CryptoKey,
  wrapped: string,
  username: string,
  version: number,
): Promise<Bytes> {
  try {
    return await vault.unwrapUserKey(wrappingKey, wrapped, username, version);
  } catch {
    return vault.unwrapUserKey(wrappingKey, wrapped, username, VERSION_UNKNOWN);
  }
}

async function userKeyOf(reply: SignedIn, keys: vault.SecretKeys | null): Promise<Bytes | null> {
  if (keys === null || reply.wrapped_user_key === null) return null;
  const { user, wrapped_user_key: wrapped, user_key_version: version } = reply;
  return unwrapAny(keys.wrappingKey, wrapped, user.username, version);
}
