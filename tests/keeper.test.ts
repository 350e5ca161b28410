// Keeping images, and what was kept: sent, found, opened again, noted, deleted, taken away as a file.
import assert from "node:assert/strict";
import { test } from "node:test";
import { unzipSync } from "fflate";
import { ApiError } from "../public/src/account/api.ts";
import { base64url, type Bytes } from "../public/src/account/bytes.ts";
import { everything, fileName } from "../public/src/account/everything.ts";
import { EVERYTHING, History, searched } from "../public/src/account/history.ts";
import { Keeper } from "../public/src/account/keeper.ts";
import type { ImageEntry } from "../public/src/session.ts";
import { PASSWORD, visitor, type Visitor } from "./account_setup.ts";
import { FakeServer } from "./fake_server.ts";
import { png, tissue } from "./made_images.ts";
import { entryOf, judgementOf, model, readingOf } from "./readings.ts";

const THUMBNAIL = Buffer.from("a small picture").toString("base64");

interface Made extends Visitor {
  keeper: Keeper;
  history: History;
}

function withStorage(server: FakeServer, made: Visitor): Made {
  const { api, account } = made;
  const keeper = new Keeper({
    api,
    account,
    thumbnail: () => THUMBNAIL,
    now: () => server.now,
    onChange: () => undefined,
    onKept: () => undefined,
  });
  return { ...made, keeper, history: new History(api, account, () => undefined) };
}

async function keeping(server = new FakeServer()): Promise<Made & { server: FakeServer }> {
  const made = withStorage(server, visitor(server));
  await made.account.register("a", PASSWORD, "");
  if (made.account.shownRecoveryKey !== null) {
    await made.account.confirmRecoveryKey(made.account.shownRecoveryKey.slice());
  }
  await made.account.setKeep("ask");
  return { ...made, server };
}

const preview = { width: 1, height: 1, rgba: new Uint8ClampedArray(4) };

function anImage(seed: number, positive = true): ImageEntry {
  const bytes = new Uint8Array(png(tissue(50, 50, seed)));
  return entryOf(`case-1/patch ${seed}.png`, {
    file: new Blob([bytes], { type: "image/png" }),
    state: "done",
    reading: readingOf(positive, { preview, probabilities: positive ? [0.1, 0.9] : [0.75, 0.25] }),
  });
}

const judgement = judgementOf(true);

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 500; turns++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.fail("it did not come to that");
}

async function kept({ keeper }: Made, entry: ImageEntry) {
  keeper.keep(entry, judgement);
  await until(() => ["kept", "failed"].includes(keeper.keepingOf(entry)?.step ?? ""));
  const state = keeper.keepingOf(entry);
  assert.ok(state?.step === "kept", JSON.stringify(state));
  return state;
}

const bytesOf = async (blob: Blob): Promise<Bytes> => new Uint8Array(await blob.arrayBuffer());

test("What was kept opens on a fresh browser: the same bytes, the same answer", async () => {
  const made = await keeping();
  const entry = anImage(1);
  const state = await kept(made, entry);
  assert.equal(state.sealed, true);
  const other = withStorage(made.server, visitor(made.server));
  await other.account.signIn("a", PASSWORD);
  await other.history.load();
  const [item] = other.history.items;
  assert.ok(item?.record);
  assert.equal(item.record.name, "case-1/patch 1.png");
  assert.deepEqual(item.record.model, model);
  assert.deepEqual(item.record.point, judgement.point);
  const { preview: _, ...reading } = entry.reading ?? {};
  const { preview: none, ...again } = item.record.reading;
  assert.equal(none, null);
  assert.deepEqual({ ...again, sha256: "" }, { ...reading, sha256: "" });
  assert.equal(item.record.thumbnail, THUMBNAIL);
  const opened = await other.history.open(item);
  assert.equal(opened.type, "image/png");
  assert.deepEqual(await bytesOf(opened), await bytesOf(entry.file));
});

test("Of image, name, answer and thumbnail the server gets no 16 bytes", async () => {
  const made = await keeping();
  const entry = anImage(2);
  await kept(made, entry);
  const stored = made.server.calls.map(({ body }) => Buffer.from(body).toString("latin1"));
  const [object] = made.server.users.get("a")?.objects.values() ?? [];
  stored.push(Buffer.from(object?.record ?? "", "base64url").toString("latin1"));
  stored.push(Buffer.from(object?.body ?? []).toString("latin1"));
  const all = stored.join("\n");
  const secrets = [
    Buffer.from(await bytesOf(entry.file)).toString("latin1"),
    JSON.stringify(entry.reading),
    JSON.stringify(model),
    "case-1/patch 2.png",
  ];
  for (const secret of secrets) {
    for (let at = 0; at + 16 <= secret.length; at++) {
      assert.ok(!all.includes(secret.slice(at, at + 16)), `${at} of ${secret.slice(0, 40)}`);
    }
  }
  assert.equal((object?.body_bytes ?? 0) - 16, 65_536, "nor its true size");
});

test("A session that ends meanwhile loses nothing: signed in again, keeping goes on", async () => {
  const made = await keeping();
  const [first, second] = [anImage(3), anImage(4)];
  made.server.endAllSessions();
  made.keeper.keep(first, judgement);
  made.keeper.keep(second, judgement);
  await until(() => made.account.ended);
  assert.equal(made.keeper.pending, 2);
  assert.equal(made.keeper.keepingOf(first)?.step, "waiting");
  await made.account.signIn("a", PASSWORD);
  made.keeper.resume();
  await until(() => made.keeper.pending === 0);
  assert.equal(made.keeper.keepingOf(first)?.step, "kept");
  assert.equal(made.keeper.keepingOf(second)?.step, "kept");
  assert.equal(made.server.users.get("a")?.objects.size, 2);
});

test("A connection that breaks off is a failure of that image; another try keeps it once", async () => {
  const made = await keeping();
  const entry = anImage(5);
  // The reply to the last request is lost: the server has it all the same.
  let lost = false;
  const { api } = made;
  const putObject = api.putObject.bind(api);
  api.putObject = async (id, facts) => {
    await putObject(id, facts);
    if (!lost) {
      lost = true;
      throw new ApiError("offline", 0);
    }
  };
  made.keeper.keep(entry, judgement);
  await until(() => made.keeper.keepingOf(entry)?.step === "failed");
  made.keeper.keep(entry, judgement);
  await until(() => made.keeper.keepingOf(entry)?.step === "kept");
  assert.equal(made.server.users.get("a")?.objects.size, 1);
  await made.history.load();
  assert.ok(made.history.items[0]?.record);
});

for (const [status, code] of [
  [413, "object_too_large"],
  [507, "quota_exceeded"],
  [503, "unavailable"],
] as const) {
  test(`The server's ${code} is told of the image, and the next one is kept`, async () => {
    const made = await keeping();
    const [bad, good] = [anImage(6), anImage(7)];
    made.server.intercept = (method, path) => {
      if (method !== "PUT" || !path.endsWith("/body")) return null;
      made.server.intercept = null;
      return Response.json({ code, status }, { status });
    };
    made.keeper.keep(bad, judgement);
    made.keeper.keep(good, judgement);
    await until(() => made.keeper.pending === 0);
    const state = made.keeper.keepingOf(bad);
    assert.ok(state?.step === "failed" && state.error instanceof ApiError);
    assert.equal(state.error.code, code);
    assert.equal(made.keeper.keepingOf(good)?.step, "kept");
  });
}

test("With storage off nothing is sent, whatever was asked", async () => {
  const made = await keeping();
  await made.account.setKeep("never");
  const before = made.server.calls.length;
  made.keeper.keep(anImage(8), judgement);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(made.server.calls.length, before);
});

test("Before the recovery key is confirmed nothing is sent", async () => {
  const server = new FakeServer();
  const made = withStorage(server, visitor(server));
  await made.account.register("a", PASSWORD, "");
  await assert.rejects(
    made.account.setKeep("always"),
    (error: ApiError) => error.code === "recovery_not_confirmed",
  );
  const before = server.calls.length;
  made.keeper.keep(anImage(9), judgement);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.calls.length, before);
});

test("What the person does not want kept after all is not sent", async () => {
  const made = await keeping();
  const entry = anImage(10);
  made.server.endAllSessions();
  made.keeper.keep(entry, judgement);
  await until(() => made.account.ended);
  made.keeper.forget(entry);
  assert.equal(made.keeper.keepingOf(entry), null);
  await made.account.signIn("a", PASSWORD);
  made.keeper.resume();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(made.server.users.get("a")?.objects.size, 0);
});

test("What waits for one person is never kept for another with the same page open", async () => {
  const made = await keeping();
  const entry = anImage(11);
  made.server.endAllSessions();
  made.keeper.keep(entry, judgement);
  await until(() => made.account.ended);
  await made.account.register("b", PASSWORD, "");
  const shown = made.account.shownRecoveryKey;
  assert.ok(shown);
  await made.account.confirmRecoveryKey(shown.slice());
  await made.account.setKeep("ask");
  made.keeper.clear(); // as the page does when another person signs in
  made.keeper.resume();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(made.server.users.get("b")?.objects.size, 0);
});

test("Where the operator's server encrypts, it gets the image as it is, and the page says so", async () => {
  const server = new FakeServer({ storage: "server", scheme: "password" });
  const made = await keeping(server);
  const entry = anImage(12);
  const state = await kept(made, entry);
  assert.equal(state.sealed, false);
  const [object] = server.users.get("a")?.objects.values() ?? [];
  assert.equal(object?.wrapped_key, null);
  assert.deepEqual(new Uint8Array(object.body ?? []), await bytesOf(entry.file));
  await made.history.load();
  const [item] = made.history.items;
  assert.ok(item?.record);
  assert.deepEqual(await bytesOf(await made.history.open(item)), await bytesOf(entry.file));
});

// --- History --------------------------------------------------------------------------------------

async function severalKept() {
  const made = await keeping();
  const day = 86_400_000;
  const began = made.server.now;
  for (let index = 0; index < 5; index++) {
    made.server.now = began + index * day;
    await kept(made, anImage(20 + index, index % 2 === 0));
  }
  await made.history.load();
  return { ...made, day, began };
}

test("The list comes from the newest on, over as many pages as there are", async () => {
  const made = await severalKept();
  const names = () => made.history.items.map(({ record }) => record?.name.slice(-6, -4));
  assert.deepEqual(names(), ["24", "23", "22", "21", "20"]);
  made.server.pageSize = 2;
  await made.history.load();
  assert.deepEqual(names(), ["24", "23", "22", "21", "20"]);
});

test("It is searched by words, answer and date", async () => {
  const { history, began, day } = await severalKept();
  await history.note(history.items[1]?.object.id ?? "", "Second look with Dr. Jones");
  const found = (search: Partial<typeof EVERYTHING>) =>
    searched(history.items, { ...EVERYTHING, ...search }).map(({ record }) =>
      record?.name.slice(-6, -4),
    );
  assert.deepEqual(found({}), ["24", "23", "22", "21", "20"]);
  assert.deepEqual(found({ text: "PATCH 22" }), ["22"]);
  assert.deepEqual(found({ text: "jones second" }), ["23"]);
  assert.deepEqual(found({ text: "nothing like it" }), []);
  assert.deepEqual(found({ answer: "positive" }), ["24", "22", "20"]);
  assert.deepEqual(found({ answer: "negative" }), ["23", "21"]);
  assert.deepEqual(found({ from: began + day, to: began + 3 * day }), ["22", "21"]);
  assert.deepEqual(found({ text: "no idc", from: began + 2 * day }), ["23"]);
});

test("A note is kept encrypted and read on another browser", async () => {
  const made = await severalKept();
  const id = made.history.items[0]?.object.id ?? "";
  await made.history.note(id, "Compare with the biopsy of March");
  await made.history.note(id, "Compared with the biopsy of March");
  const heard = made.server.calls.map(({ body }) => Buffer.from(body).toString("latin1")).join();
  assert.ok(!heard.includes("biopsy of March"));
  const other = withStorage(made.server, visitor(made.server));
  await other.account.signIn("a", PASSWORD);
  await other.history.load();
  assert.equal(other.history.find(id)?.record?.note, "Compared with the biopsy of March");
  assert.equal(other.history.find(id)?.object.record_version, 3);
});

test("A note over a change of another window is written over what is there now", async () => {
  const made = await severalKept();
  const id = made.history.items[0]?.object.id ?? "";
  const other = withStorage(made.server, visitor(made.server));
  await other.account.signIn("a", PASSWORD);
  await other.history.load();
  await other.history.note(id, "first");
  await made.history.note(id, "second");
  await other.history.load();
  assert.equal(other.history.find(id)?.record?.note, "second");
});

test("Deleting removes it here and there, and twice is no failure", async () => {
  const made = await severalKept();
  const id = made.history.items[0]?.object.id ?? "";
  await made.history.remove(id);
  await made.history.remove(id);
  assert.equal(made.history.items.length, 4);
  assert.equal(made.server.users.get("a")?.objects.has(id), false);
});

test("An object that the server exchanged, changed or rolled back cannot be opened, and says so", async () => {
  const made = await severalKept();
  const objects = [...(made.server.users.get("a")?.objects.values() ?? [])];
  const [a, b, c] = objects;
  assert.ok(a && b && c);
  await made.history.note(c.id, "a later note");
  const earlier = { ...c };
  await made.history.note(c.id, "the latest note");
  c.record = earlier.record; // the version says otherwise
  [a.record, b.record] = [b.record, a.record];
  [a.wrapped_key, b.wrapped_key] = [b.wrapped_key, a.wrapped_key];
  await made.history.load();
  assert.equal(made.history.find(a.id)?.record, null);
  assert.equal(made.history.find(b.id)?.record, null);
  assert.equal(made.history.find(c.id)?.record, null);
  assert.equal(made.history.items.filter(({ record }) => record !== null).length, 2);
});

test("A body that the server exchanged is refused, not shown", async () => {
  const made = await severalKept();
  const [a, b] = [...(made.server.users.get("a")?.objects.values() ?? [])];
  assert.ok(a && b);
  [a.body, b.body] = [b.body, a.body];
  const item = made.history.find(a.id);
  assert.ok(item);
  await assert.rejects(made.history.open(item), /damaged/);
});

// --- Everything as one file -----------------------------------------------------------------------

test("Everything comes as one zip: images as they were, results, account", async () => {
  const made = await severalKept();
  const last = [...(made.server.users.get("a")?.objects.values() ?? [])].at(-1);
  assert.ok(last);
  last.record = base64url(new Uint8Array(100)); // one that cannot be opened
  await made.history.load();
  const progress: number[] = [];
  const { zip, unopened } = await everything({
    exported: await made.api.exportAll(),
    items: made.history.items,
    open: (item) => made.history.open(item),
    onProgress: (done) => progress.push(done),
    signal: new AbortController().signal,
  });
  assert.equal(unopened, 1);
  assert.deepEqual(progress, [1, 2, 3, 4, 5]);
  const files = unzipSync(await bytesOf(zip));
  assert.deepEqual(Object.keys(files).sort(), [
    "account.json",
    "images/0002 patch 23.png",
    "images/0003 patch 22.png",
    "images/0004 patch 21.png",
    "images/0005 patch 20.png",
    "results.csv",
    "results.json",
  ]);
  assert.deepEqual(
    Buffer.from(files["images/0002 patch 23.png"] ?? []),
    Buffer.from(png(tissue(50, 50, 23))),
  );
  const text = (name: string) => Buffer.from(files[name] ?? []).toString("utf8");
  const results = JSON.parse(text("results.json")) as {
    notice: string;
    images: { file: unknown }[];
  };
  assert.match(results.notice, /Not a medical device/);
  assert.equal(results.images.length, 5);
  assert.equal(results.images[0]?.file, null);
  assert.equal(text("results.csv").trimEnd().split("\r\n").length, 5);
  assert.match(text("account.json"), /"username": "a"/);
});

test("It can be stopped", async () => {
  const made = await severalKept();
  const stop = new AbortController();
  const exporting = everything({
    exported: await made.api.exportAll(),
    items: made.history.items,
    open: (item) => made.history.open(item),
    onProgress: () => stop.abort(),
    signal: stop.signal,
  });
  await assert.rejects(exporting, /aborted/);
});

test("Names in the zip stay in their folder on every system", () => {
  assert.equal(fileName("../../etc/passwd", 0), "images/0001 passwd");
  assert.equal(fileName("C:\\cases\\a.png", 1), "images/0002 a.png");
  assert.equal(fileName('a<b>:"|?*\u0000.png', 2), "images/0003 a_b_______.png");
  assert.equal(fileName("", 3), "images/0004");
  assert.ok(fileName("x".repeat(5_000), 4).length < 150);
});
