// What a person has kept: listed, opened, searched, noted, deleted. All of it is decrypted here, so
// only this page can search in it. No DOM.
import type { Answer } from "../judgement.ts";
import { keptEntry, type ImageEntry } from "../session.ts";
import { verdict } from "../wording.ts";
import type { Account } from "./account.ts";
import { ApiError, type Api } from "./api.ts";
import type { KeptObject } from "./api-types.ts";
import { judgementOf, type KeptRecord } from "./record.ts";
import * as sealer from "./sealer.ts";

export interface KeptItem {
  object: KeptObject;
  key: sealer.ObjectKey;
  record: KeptRecord | null; // null: it cannot be opened
}

export interface Search {
  text: string; // in the name, the note or the answer
  answer: "any" | Answer;
  from: number; // ms since 1970, inclusive
  to: number; // exclusive
}

export const EVERYTHING: Search = { text: "", answer: "any", from: -Infinity, to: Infinity };

export class History {
  readonly #api: Api;
  readonly #account: Account;
  readonly #onChange: () => void;
  #items: KeptItem[] = [];
  #generation = 0; // of the list: a load that was overtaken says nothing

  constructor(api: Api, account: Account, onChange: () => void) {
    this.#api = api;
    this.#account = account;
    this.#onChange = onChange;
  }

  get items(): readonly KeptItem[] {
    return this.#items;
  }

  // From the newest on; onChange after each page of the list.
  async load(): Promise<void> {
    const generation = ++this.#generation;
    const items: KeptItem[] = [];
    let cursor: string | null = null;
    do {
      const page = await this.#api.objects(cursor);
      items.push(...(await Promise.all(page.items.map((object) => this.#opened(object)))));
      if (generation !== this.#generation) return;
      this.#items = [...items];
      this.#onChange();
      cursor = page.next;
    } while (cursor !== null);
  }

  clear(): void {
    this.#generation += 1;
    this.#items = [];
    this.#onChange();
  }

  // The image itself, exactly as it was.
  async open(item: KeptItem): Promise<File> {
    const { record, object, key } = item;
    if (record === null) throw new ApiError("damaged", 0);
    const body = await this.#api.body(object.id);
    const bytes = await sealer.openedBody(key, object.id, body, record);
    return new File([bytes], record.name, { type: record.type });
  }

  // Written over what is there now, whoever changed it meanwhile.
  async note(id: string, note: string): Promise<void> {
    try {
      await this.#writeNote(id, note);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "record_changed") throw error;
      this.#put(await this.#opened(await this.#api.object(id)));
      await this.#writeNote(id, note);
    }
  }

  async remove(id: string): Promise<void> {
    try {
      await this.#api.deleteObject(id);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error; // gone is gone
    }
    this.#items = this.#items.filter(({ object }) => object.id !== id);
    this.#onChange();
  }

  find(id: string): KeptItem | null {
    return this.#items.find(({ object }) => object.id === id) ?? null;
  }

  async #writeNote(id: string, note: string): Promise<void> {
    const item = this.find(id) ?? (await this.#opened(await this.#api.object(id)));
    if (item.record === null) throw new ApiError("damaged", 0);
    const version = item.object.record_version + 1;
    const record = { ...item.record, note };
    const facts = await sealer.sealedFacts(item.key, id, version, record);
    if (facts === null) throw new ApiError("record_too_large", 0);
    await this.#api.putObject(id, facts);
    this.#put({ ...item, record, object: { ...item.object, ...facts } });
  }

  #put(item: KeptItem): void {
    const others = this.#items.filter(({ object }) => object.id !== item.object.id);
    this.#items = [...others, item].sort((a, b) => b.object.created_at - a.object.created_at);
    this.#onChange();
  }

  async #opened(object: KeptObject): Promise<KeptItem> {
    try {
      const key = await sealer.openObjectKey(this.#account.key, object);
      return { object, key, record: await sealer.openedRecord(key, object) };
    } catch {
      return { object, key: null, record: null };
    }
  }
}

export function searched(items: readonly KeptItem[], search: Search): KeptItem[] {
  const words = search.text.toLowerCase().split(/\s+/);
  return items.filter(({ record, object }) => {
    if (object.created_at < search.from || object.created_at >= search.to) return false;
    if (record === null) return search.text.trim() === "" && search.answer === "any";
    const judgement = judgementOf(record);
    if (search.answer !== "any" && judgement.answer !== search.answer) return false;
    const text = `${record.name} ${record.note} ${verdict(judgement)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

// As the exports know images; null where it cannot be opened.
export function entryOf({ record }: KeptItem): ImageEntry | null {
  if (record === null) return null;
  return keptEntry(0, { name: record.name, file: new Blob([]) }, 0, record, record.point);
}
