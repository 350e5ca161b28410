// The account's part of the page, fetched only when somebody wants it. Puts everything together.
import type { Judge } from "../judgement.ts";
import type { NetworkRequest, Preview } from "../messages.ts";
import type { ImageEntry, Read, Session } from "../session.ts";
import { drawPreview } from "../views/parts.ts";
import { byteCount, plural } from "../wording.ts";
import { SIGNED_IN_KEY } from "../account-link.ts";
import { Account } from "./account.ts";
import { Api } from "./api.ts";
import type { Config } from "./api-types.ts";
import { fromBase64 } from "./bytes.ts";
import { History, type KeptItem } from "./history.ts";
import { Keeper } from "./keeper.ts";
import { browserKeyStore } from "./key-store.ts";
import { passwordHasher } from "./password-hash.ts";
import { RequestLedger } from "./request-ledger.ts";
import type { Context } from "./views/context.ts";
import { make, button } from "./views/build.ts";
import { signInView } from "./views/entrance.ts";
import { KeepView } from "./views/keep-view.ts";
import { Panel } from "./views/panel.ts";
import { homeView } from "./views/settings.ts";
import { failureSentence, promiseSentence, sessionEndedSentence, storageLabel } from "./wording.ts";

// What the page gives.
export interface PageParts {
  base: string; // of the page's files
  config: Config;
  session: Session;
  judge: Judge;
  readAgain: (entry: ImageEntry) => Promise<Read>;
  now: () => number; // performance.now()
  redraw: () => void;
  tell: (sentence: string) => void;
  save: (name: string, content: Blob) => void;
  places: { button: HTMLElement; keep: HTMLElement; promise: HTMLElement; foot: HTMLElement };
}

// What the page gets.
export interface AccountPart {
  open(): void; // the button in the page's head
  update(selected: ImageEntry | null): void;
  // Takes out the requests that the account made, and says what they were.
  explain(requests: NetworkRequest[], since: number): { rest: NetworkRequest[]; note: string };
}

const JPEG_QUALITY = 0.85;

function thumbnailOf(preview: Preview): string | null {
  const canvas = make("canvas", {});
  drawPreview(canvas, preview);
  const [type, data] = canvas.toDataURL("image/jpeg", JPEG_QUALITY).split(",");
  return type === "data:image/jpeg;base64" && data !== undefined ? data : null;
}

// For the list of the page; null where the browser cannot show it.
async function previewOf(thumbnail: string | null): Promise<Preview | null> {
  if (thumbnail === null) return null;
  try {
    const bitmap = await createImageBitmap(new Blob([fromBase64(thumbnail)]));
    const { width, height } = bitmap;
    const canvas = make("canvas", { width: String(width), height: String(height) });
    const drawing = canvas.getContext("2d");
    drawing?.drawImage(bitmap, 0, 0);
    const pixels = drawing?.getImageData(0, 0, width, height);
    return pixels === undefined
      ? null
      : { width, height, rgba: new Uint8ClampedArray(pixels.data) };
  } catch {
    return null;
  }
}

class AccountPage implements AccountPart {
  readonly #parts: PageParts;
  readonly #account: Account;
  readonly #keeper: Keeper;
  readonly #context: Context;
  readonly #keepView: KeepView;
  readonly #ledger: RequestLedger;
  readonly #label = make("p", { class: "small mb-0 account-storage" });
  readonly #banner = make("div", { class: "account-banner", role: "alert", hidden: true });
  readonly #offered = new Set<ImageEntry>(); // images that were looked at for keeping
  #keepsAll = false;
  #userId = "";

  constructor(parts: PageParts) {
    this.#parts = parts;
    const { style, hasher } = ACCOUNT_CATALOG;
    const files = [style, hasher.module, hasher.worker];
    const own = files.map(({ file }) => new URL(file, parts.base).href);
    this.#ledger = new RequestLedger([import.meta.url, ...own], parts.now);
    const changed = () => this.#changed();
    const api = new Api({
      base: parts.base,
      fetch: fetch.bind(globalThis),
      onSent: (request) => this.#ledger.add(request),
      onSessionEnded: () => void account.sessionEnded(),
    });
    const hash = passwordHasher(hasher, parts.base);
    const { config } = parts;
    const account = new Account({ api, config, keys: browserKeyStore(), hash, onChange: changed });
    this.#account = account;
    const history = new History(api, account, changed);
    this.#keeper = new Keeper({
      api,
      account,
      thumbnail: thumbnailOf,
      now: () => Date.now(),
      onChange: changed,
      onKept: () => void account.refresh().catch(() => undefined),
    });
    const panel = new Panel(() => account.state !== "signed-out" && changed());
    this.#context = {
      api,
      account,
      keeper: this.#keeper,
      history,
      panel,
      home: () => homeView(this.#context),
      openKept: (item) => this.#openKept(item),
      tell: parts.tell,
      saveFile: parts.save,
    };
    this.#keepView = new KeepView(parts.places.keep, this.#context, parts);
    parts.places.foot.firstElementChild?.after(this.#label);
    parts.places.button.closest("header")?.after(this.#banner);
  }

  async start(): Promise<void> {
    try {
      await this.#account.start();
    } catch (error) {
      this.#parts.tell(failureSentence(error));
    }
    this.#changed();
  }

  open(): void {
    const signedOut = this.#account.state === "signed-out";
    this.#context.panel.show(signedOut ? signInView(this.#context) : homeView(this.#context));
  }

  update(selected: ImageEntry | null): void {
    this.#offer();
    this.#keepView.update(selected);
  }

  explain(requests: NetworkRequest[], since: number): { rest: NetworkRequest[]; note: string } {
    const { rest, count, bytes } = this.#ledger.explain(requests, since);
    if (count === 0) return { rest, note: "" };
    const made = plural(count, "request");
    return { rest, note: `Your account made ${made} meanwhile and sent ${byteCount(bytes)}.` };
  }

  // Where everything is kept: what was read since that was chosen, also while the session had ended.
  #offer(): void {
    const keepsAll = this.#account.keeps === "always";
    if (keepsAll || !this.#account.ended) {
      const began = keepsAll && !this.#keepsAll;
      this.#keepsAll = keepsAll;
      if (began) for (const entry of this.#parts.session.entries) this.#offered.add(entry);
    }
    if (!this.#keepsAll) return;
    for (const entry of this.#parts.session.entries) {
      if (entry.state !== "done" || this.#offered.has(entry)) continue;
      this.#offered.add(entry);
      const judgement = entry.keptPoint === null ? this.#parts.judge.of(entry) : null;
      if (judgement !== null) this.#keeper.keep(entry, judgement);
    }
  }

  #changed(): void {
    const { user, state, keeps, ended, config } = this.#account;
    const { places, redraw } = this.#parts;
    // What waits for the last person is never kept for the next.
    const next = user?.id ?? (ended ? this.#userId : "");
    if (next !== this.#userId) {
      const someone = this.#userId !== "";
      this.#userId = next;
      if (someone) {
        this.#keeper.clear();
        this.#context.history.clear();
      }
    }
    places.button.textContent = user?.username ?? "Sign in";
    places.button.classList.toggle("account-user", user !== null);
    remember(user !== null);
    places.promise.textContent = promiseSentence(config.storage, keeps);
    this.#label.textContent = state === "signed-out" ? "" : storageLabel(config.storage, keeps);
    this.#label.hidden = state === "signed-out";
    this.#showBanner();
    this.#offer(); // not in the next frame alone: what comes in before it is already to be kept
    redraw();
  }

  #showBanner(): void {
    const { ended, state, config } = this.#account;
    this.#banner.hidden = !ended && state !== "locked";
    if (this.#banner.hidden) {
      this.#banner.replaceChildren();
      return;
    }
    const text = ended
      ? sessionEndedSentence(config, this.#keeper.pending)
      : "This browser no longer holds the key to what you keep.";
    if (this.#banner.firstChild?.textContent === text) return;
    const act = ended ? "Sign in again" : "Unlock";
    this.#banner.replaceChildren(
      make("p", { class: "mb-0" }, text),
      button(act, () => this.open(), "primary"),
    );
  }

  async #openKept(item: KeptItem): Promise<void> {
    const { record, object, key } = item;
    const file = await this.#context.history.open(item);
    if (record === null) return;
    const { session } = this.#parts;
    const reading = { ...record.reading, preview: await previewOf(record.thumbnail) };
    const { name, model, point } = record;
    const entry = session.addRead({ name, file }, { reading, model }, point);
    this.#offered.add(entry);
    const at = object.created_at;
    const sealed = key !== null;
    const kept = { step: "kept", id: object.id, bytes: object.body_bytes, at, sealed } as const;
    this.#keeper.isKept(entry, kept);
  }
}

// So that the next visit fetches this part at once.
function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(SIGNED_IN_KEY, "1");
    else localStorage.removeItem(SIGNED_IN_KEY);
  } catch {
    // The next visit then fetches it when the button is pressed.
  }
}

function addStyle({ file, integrity }: SiteFile, base: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const attributes = { rel: "stylesheet", href: new URL(file, base).href, integrity };
    const link = make("link", attributes);
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => reject(new Error(file)));
    document.head.append(link);
  });
}

export async function start(parts: PageParts): Promise<AccountPart> {
  await addStyle(ACCOUNT_CATALOG.style, parts.base);
  const page = new AccountPage(parts);
  await page.start();
  return page;
}
