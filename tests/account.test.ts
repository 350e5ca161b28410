// Signing up, in and out, and everything that changes an account.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../public/src/account/api.ts";
import { base64url, fromBase64, type Bytes } from "../public/src/account/bytes.ts";
import { newRecoveryKey, VaultError } from "../public/src/account/vault.ts";
import { PASSWORD, visitor } from "./account_setup.ts";
import { FakeServer, TOTP_CODE } from "./fake_server.ts";

const NEW_PASSWORD = "four other words there";

const refused = (code: string) => (error: unknown) =>
  error instanceof ApiError && error.code === code;

async function registered(server = new FakeServer()) {
  const made = visitor(server);
  await made.account.register(" Dr.Smith ", PASSWORD, "");
  const recoveryKey = made.account.shownRecoveryKey?.slice() as Bytes;
  return { server, ...made, recoveryKey };
}

// Whether two keys are the same one: what one seals the other opens.
async function sameKey(first: CryptoKey | null, second: CryptoKey | null): Promise<boolean> {
  assert.ok(first && second);
  const iv = new Uint8Array(12);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, first, new Uint8Array(1));
  return crypto.subtle.decrypt({ name: "AES-GCM", iv }, second, sealed).then(
    () => true,
    () => false,
  );
}

test("Registering signs in, shows a recovery key, and keeps nothing yet", async () => {
  const { account, recoveryKey, keys } = await registered();
  assert.equal(account.state, "signed-in");
  assert.equal(account.user?.username, "Dr.Smith");
  assert.equal(recoveryKey.length, 16);
  assert.equal(account.keeps, null);
  assert.equal(keys.held.get(account.user.id)?.extractable, false);
});

test("The server gets neither the password nor a key that opens anything", async () => {
  const { server, recoveryKey } = await registered();
  const heard = server.calls.map(({ body }) => Buffer.from(body).toString("latin1")).join("\n");
  assert.ok(!heard.includes(PASSWORD));
  assert.ok(!heard.includes(base64url(recoveryKey)));
  const register = server.calls.find(({ path }) => path === "register");
  const sent = JSON.parse(Buffer.from(register?.body ?? []).toString()) as object;
  assert.deepEqual(Object.keys(sent).sort(), [
    "auth_key",
    "kdf",
    "recovery",
    "salt",
    "username",
    "wrapped_user_key",
  ]);
});

test("Signing in on a fresh browser gives the same key, with the name in any case", async () => {
  const { server, account } = await registered();
  const other = visitor(server);
  assert.equal(await other.account.signIn("DR.SMITH", PASSWORD), "done");
  assert.ok(await sameKey(account.key, other.account.key));
});

test("A wrong password and an unknown name are refused the same way", async () => {
  const { server } = await registered();
  const other = visitor(server);
  await assert.rejects(
    other.account.signIn("Dr.Smith", "another password"),
    refused("invalid_credentials"),
  );
  await assert.rejects(other.account.signIn("nobody", PASSWORD), refused("invalid_credentials"));
  assert.equal(other.account.state, "signed-out");
});

test("A reload goes on with the session and the key that lies in the browser", async () => {
  const server = new FakeServer();
  const fetcher = server.browser();
  const before = visitor(server, fetcher);
  await before.account.register("a", PASSWORD, "");
  const after = visitor(server, fetcher, before.keys);
  await after.account.start();
  assert.equal(after.account.state, "signed-in");
  assert.ok(await sameKey(before.account.key, after.account.key));
});

test("A browser that lost the key says so, and the password brings it back", async () => {
  const server = new FakeServer();
  const fetcher = server.browser();
  const before = visitor(server, fetcher);
  await before.account.register("a", PASSWORD, "");
  const after = visitor(server, fetcher);
  await after.account.start();
  assert.equal(after.account.state, "locked");
  await assert.rejects(after.account.unlock("a wrong password"), refused("invalid_credentials"));
  assert.equal(after.account.state, "locked");
  await after.account.unlock(PASSWORD);
  assert.equal(after.account.state, "signed-in");
  assert.ok(await sameKey(before.account.key, after.account.key));
});

test("Signing out removes the key from the browser and ends the session at the server", async () => {
  const { account, keys, server } = await registered();
  await account.signOut();
  assert.equal(account.state, "signed-out");
  assert.equal(account.ended, false);
  assert.equal(account.key, null);
  assert.equal(keys.held.size, 0);
  assert.equal(server.sessions.size, 0);
});

test("Signing out of a session that has ended is no failure", async () => {
  const { account, server } = await registered();
  server.endAllSessions();
  await account.signOut();
  assert.equal(account.state, "signed-out");
});

test("Without the server's answer a person is still signed in, and told", async () => {
  const { account, server } = await registered();
  server.intercept = () => "offline";
  await assert.rejects(account.signOut(), refused("offline"));
  assert.equal(account.state, "signed-in");
});

test("A session that ended is noticed at the next request, and the key is gone", async () => {
  const { account, keys, server } = await registered();
  server.endAllSessions();
  await assert.rejects(account.setKeep("never"), (error: ApiError) => error.status === 401);
  assert.equal(account.ended, true);
  assert.equal(account.state, "signed-out");
  assert.equal(keys.held.size, 0);
  await account.signIn("dr.smith", PASSWORD);
  assert.equal(account.ended, false);
});

test("A reload without a session forgets keys that were left behind", async () => {
  const { server, keys } = await registered();
  const later = visitor(server, server.browser(), keys);
  await later.account.start();
  assert.equal(later.account.state, "signed-out");
  assert.equal(keys.held.size, 0);
});

test("Storage starts only after the recovery key was typed again", async () => {
  const { account, recoveryKey } = await registered();
  await assert.rejects(account.setKeep("ask"), refused("recovery_not_confirmed"));
  assert.equal(account.keeps, null);
  assert.equal(await account.confirmRecoveryKey(newRecoveryKey(), "ask"), false);
  assert.equal(account.keeps, null);
  assert.equal(await account.confirmRecoveryKey(recoveryKey, "ask"), true);
  assert.equal(account.keeps, "ask");
  assert.equal(account.shownRecoveryKey, null, "it is not held any longer than needed");
  await account.setKeep("never");
  assert.equal(account.keeps, null);
});

test("A new password opens what the old one did, and ends the other sessions", async () => {
  const { account, server } = await registered();
  const key = account.key;
  const other = visitor(server);
  await other.account.signIn("dr.smith", PASSWORD);
  await account.changePassword(PASSWORD, NEW_PASSWORD);
  assert.ok(await sameKey(key, account.key));
  await other.account.refresh();
  assert.equal(other.account.ended, true);
  await assert.rejects(other.account.signIn("dr.smith", PASSWORD), refused("invalid_credentials"));
  await other.account.signIn("dr.smith", NEW_PASSWORD);
  assert.ok(await sameKey(key, other.account.key));
});

test("A new password needs the old one", async () => {
  const { account } = await registered();
  await assert.rejects(
    account.changePassword("a wrong password", NEW_PASSWORD),
    refused("invalid_credentials"),
  );
});

test("The recovery key opens the account again, after a new password too", async () => {
  const { account, server, recoveryKey } = await registered();
  await account.changePassword(PASSWORD, NEW_PASSWORD);
  const other = visitor(server);
  await assert.rejects(
    other.account.recover("dr.smith", newRecoveryKey()),
    refused("invalid_credentials"),
  );
  await other.account.recover("Dr.Smith", recoveryKey);
  assert.equal(await other.account.finishRecovery("a third set of words"), "done");
  assert.ok(await sameKey(account.key, other.account.key));
  const third = visitor(server);
  await third.account.signIn("dr.smith", "a third set of words");
  assert.ok(await sameKey(account.key, third.account.key));
});

test("A new recovery key takes the place of the old one and has to be confirmed", async () => {
  const { account, server, recoveryKey } = await registered();
  await account.confirmRecoveryKey(recoveryKey);
  await account.setKeep("always");
  await account.newRecoveryKey(PASSWORD);
  const next = account.shownRecoveryKey?.slice() as Bytes;
  assert.notDeepEqual(next, recoveryKey);
  assert.equal(account.keeps, null);
  await account.confirmRecoveryKey(next);
  assert.equal(account.keeps, "always");
  const other = visitor(server);
  await assert.rejects(
    other.account.recover("dr.smith", recoveryKey),
    refused("invalid_credentials"),
  );
  await other.account.recover("dr.smith", next);
});

test("An operator's code gives the account back with a new key and a new recovery key", async () => {
  const { account, server, recoveryKey } = await registered();
  const stored = server.users.get("dr.smith");
  assert.ok(stored);
  stored.resetCode = "one-time";
  const other = visitor(server);
  assert.equal(await other.account.reset("dr.smith", " one-time ", NEW_PASSWORD), "done");
  assert.ok(!(await sameKey(account.key, other.account.key)));
  assert.notDeepEqual(other.account.shownRecoveryKey, recoveryKey);
  const later = visitor(server);
  await later.account.signIn("dr.smith", NEW_PASSWORD);
  assert.ok(await sameKey(other.account.key, later.account.key));
  await later.account.changePassword(NEW_PASSWORD, PASSWORD);
  assert.ok(await sameKey(other.account.key, later.account.key));
});

test("With a second step the password alone does not sign in", async () => {
  const { account, server } = await registered();
  await account.beginTotp(PASSWORD);
  await assert.rejects(account.confirmTotp("000000"), refused("code_invalid"));
  assert.equal(account.state, "signed-in", "a wrong code ends no session");
  const codes = await account.confirmTotp(TOTP_CODE);
  assert.equal(codes.length, 10);
  assert.equal(account.user?.totp, true);
  const other = visitor(server);
  assert.equal(await other.account.signIn("dr.smith", PASSWORD), "second-factor");
  assert.equal(other.account.state, "signed-out");
  assert.equal(other.keys.held.size, 0);
  await assert.rejects(other.account.secondFactor("000000"), refused("code_invalid"));
  await other.account.secondFactor(codes[0] ?? "");
  assert.ok(await sameKey(account.key, other.account.key));
  assert.equal(other.account.user?.recovery_codes_left, 9);
  await other.account.removeTotp(PASSWORD);
  const third = visitor(server);
  assert.equal(await third.account.signIn("dr.smith", PASSWORD), "done");
});

test("Recovery with a second step asks for it", async () => {
  const { account, server, recoveryKey } = await registered();
  await account.beginTotp(PASSWORD);
  await account.confirmTotp(TOTP_CODE);
  const other = visitor(server);
  await other.account.recover("dr.smith", recoveryKey);
  assert.equal(await other.account.finishRecovery(NEW_PASSWORD), "second-factor");
  await other.account.secondFactor(TOTP_CODE);
  assert.ok(await sameKey(account.key, other.account.key));
});

test("What changes the account works long after signing in, since it asks for the password", async () => {
  const { account, server } = await registered();
  server.now += 3_600_000;
  await account.newRecoveryKey(PASSWORD);
  server.now += 3_600_000;
  await account.deleteAccount(PASSWORD);
  assert.equal(account.state, "signed-out");
  assert.equal(server.users.size, 0);
});

test("Where the operator's server encrypts, there is a password and no key", async () => {
  const server = new FakeServer({ storage: "server", scheme: "password" });
  const { account } = visitor(server);
  await account.register("a", PASSWORD, "");
  assert.equal(account.shownRecoveryKey, null);
  assert.equal(account.key, null);
  await account.setKeep("ask");
  assert.equal(account.keeps, "ask");
  assert.equal(account.state, "signed-in");
  await account.changePassword(PASSWORD, NEW_PASSWORD);
  const other = visitor(server);
  assert.equal(await other.account.signIn("a", NEW_PASSWORD), "done");
});

test("A server that says end-to-end encrypted does not get the password by asking for it", async () => {
  const { server } = await registered();
  const asking = { scheme: "password", kdf: server.config.kdf, salt: "A".repeat(22) };
  server.intercept = (_, path) => (path === "prelogin" ? Response.json(asking) : null);
  server.calls.length = 0;
  const other = visitor(server);
  await assert.rejects(
    other.account.signIn("dr.smith", PASSWORD),
    (error) => error instanceof VaultError && error.code === "kdf_refused",
  );
  assert.deepEqual(
    server.calls.map(({ path }) => path),
    ["prelogin"],
  );
});

test("A server that weakens the password hash is refused before anything is sent", async () => {
  const { server } = await registered();
  const weak = { ...server.config.kdf, memory_kib: 1_024 };
  const asking = { scheme: "e2e", kdf: weak, salt: "A".repeat(22) };
  server.intercept = (_, path) => (path === "prelogin" ? Response.json(asking) : null);
  server.calls.length = 0;
  await assert.rejects(
    visitor(server).account.signIn("dr.smith", PASSWORD),
    (error) => error instanceof VaultError && error.code === "kdf_refused",
  );
  assert.equal(server.calls.length, 1);
});

test("A user key that the server changed does not sign in with another one", async () => {
  const { server } = await registered();
  const stored = server.users.get("dr.smith");
  assert.ok(stored && "wrapped_user_key" in stored.credential);
  const bytes = fromBase64(stored.credential.wrapped_user_key);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  stored.credential.wrapped_user_key = base64url(bytes);
  await assert.rejects(
    visitor(server).account.signIn("dr.smith", PASSWORD),
    (error) => error instanceof VaultError && error.code === "wrong_key",
  );
});

test("An invitation is sent where one is needed", async () => {
  const server = new FakeServer({ registration: "invitation" });
  const { account } = visitor(server);
  await assert.rejects(account.register("a", PASSWORD, ""), refused("invitation_invalid"));
  await account.register("a", PASSWORD, " invited ");
  assert.equal(account.state, "signed-in");
});
