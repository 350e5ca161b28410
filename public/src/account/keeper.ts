// What waits to be kept, one at a time. A session that ends in between loses nothing: what was not
// kept waits, and goes on when the person has signed in again. No DOM.
import type { Judgement } from "../judgement.ts";
import type { Preview } from "../messages.ts";
import type { ImageEntry } from "../session.ts";
import type { Account } from "./account.ts";
import { ApiError, type Api } from "./api.ts";
import { hex, sha256, uuidV7 } from "./bytes.ts";
import type { KeptRecord } from "./record.ts";
import * as sealer from "./sealer.ts";

export type Keeping =
  | { step: "waiting" } // its turn, or for the person to sign in
  | { step: "sealing" }
  | { step: "sending"; bytes: number }
  | { step: "kept"; id: string; bytes: number; at: number; sealed: boolean }
  | { step: "failed"; error: unknown };

interface Item {
  entry: ImageEntry;
  judgement: Judgement | null; // null: it was kept before
  keeping: Keeping;
  stop: AbortController;
  draft: { id: string; userId: string; key: sealer.ObjectKey; attempts: number } | null;
}

export interface KeeperOptions {
  api: Api;
  account: Account;
  thumbnail: (preview: Preview) => string | null; // JPEG, base64
  now: () => number; // ms since 1970
  onChange: () => void;
  onKept: (id: string) => void;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #items = new Map<ImageEntry, Item>();
  #busy = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  keepingOf(entry: ImageEntry): Keeping | null {
    return this.#items.get(entry)?.keeping ?? null;
  }

  // How many are not kept yet.
  get pending(): number {
    const open = [...this.#items.values()].filter(
      ({ keeping }) => keeping.step !== "kept" && keeping.step !== "failed",
    );
    return open.length;
  }

  // Also tries again what failed.
  keep(entry: ImageEntry, judgement: Judgement): void {
    const known = this.#items.get(entry);
    if (known !== undefined && known.keeping.step !== "failed") return;
    const stop = new AbortController();
    const draft = known?.draft ?? null;
    this.#items.set(entry, { entry, judgement, keeping: { step: "waiting" }, stop, draft });
    this.#options.onChange();
    this.resume();
  }

  // An image that came from what is kept.
  isKept(entry: ImageEntry, kept: Extract<Keeping, { step: "kept" }>): void {
    const stop = new AbortController();
    this.#items.set(entry, { entry, judgement: null, keeping: kept, stop, draft: null });
    this.#options.onChange();
  }

  // The person does not want it kept after all, or it is no longer there.
  forget(entry: ImageEntry): void {
    const item = this.#items.get(entry);
    this.#items.delete(entry);
    item?.stop.abort();
    this.#options.onChange();
  }

  forgetKept(id: string): void {
    for (const { entry, keeping } of [...this.#items.values()]) {
      if (keeping.step === "kept" && keeping.id === id) this.forget(entry);
    }
  }

  // Another person, or nobody: what was kept for the last one is not told to the next.
  clear(): void {
    for (const item of this.#items.values()) item.stop.abort();
    this.#items.clear();
    this.#options.onChange();
  }

  resume(): void {
    if (!this.#busy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    const { account } = this.#options;
    try {
      for (;;) {
        const next = [...this.#items.values()].find(({ keeping }) => keeping.step === "waiting");
        if (next === undefined || account.keeps === null || account.state !== "signed-in") return;
        await this.#keepOne(next);
      }
    } finally {
      this.#busy = false;
    }
  }

  #say(item: Item, keeping: Keeping): void {
    item.keeping = keeping;
    this.#options.onChange();
  }

  async #keepOne(item: Item): Promise<void> {
    try {
      await this.#send(item);
    } catch (error) {
      if (item.stop.signal.aborted) return; // forgotten
      const ended = error instanceof ApiError && error.status === 401;
      this.#say(item, ended ? { step: "waiting" } : { step: "failed", error });
    }
  }

  async #send(item: Item): Promise<void> {
    const { api, onKept, now } = this.#options;
    this.#say(item, { step: "sealing" });
    const draft = await this.#draftOf(item);
    const { id, key } = draft;
    const file = new Uint8Array(await item.entry.file.arrayBuffer());
    const record = this.#record(item, hex(await sha256(file)), file.length);
    const facts = await sealer.sealedFacts(key, id, 1, record);
    if (facts === null) throw new ApiError("record_too_large", 0);
    const body = await sealer.sealedBody(key, id, file);
    this.#say(item, { step: "sending", bytes: body.length });
    await api.putBody(id, body, item.stop.signal);
    draft.attempts += 1;
    try {
      await api.putObject(id, facts);
    } catch (error) {
      // The reply to an earlier attempt was lost: it is there already.
      const again = error instanceof ApiError && error.code === "record_changed";
      if (!again || draft.attempts < 2) throw error;
    }
    const bytes = body.length + facts.record.length;
    this.#say(item, { step: "kept", id, bytes, at: now(), sealed: key !== null });
    onKept(id);
  }

  // The same id and key at every attempt, so that nothing is kept twice.
  async #draftOf(item: Item): Promise<NonNullable<Item["draft"]>> {
    const { account, now } = this.#options;
    const userId = account.user?.id ?? "";
    if (item.draft?.userId !== userId) {
      const id = uuidV7(now());
      const userKey = account.config.storage === "e2e" ? account.key : null;
      if (account.config.storage === "e2e" && userKey === null) throw new ApiError("locked", 401);
      item.draft = { id, userId, key: await sealer.newObjectKey(userKey, id), attempts: 0 };
    }
    return item.draft;
  }

  #record({ entry, judgement }: Item, digest: string, bytes: number): KeptRecord {
    const { reading } = entry;
    if (reading === null || judgement === null) throw new ApiError("not_read", 0);
    const thumbnail = reading.preview === null ? null : this.#options.thumbnail(reading.preview);
    return {
      name: entry.name,
      type: entry.file.type,
      bytes,
      sha256: digest,
      keptAt: this.#options.now(),
      model: judgement.model,
      point: judgement.point,
      reading: { ...reading, preview: null },
      thumbnail,
      note: "",
    };
  }
}
