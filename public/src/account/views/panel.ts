// The one dialog in which everything of the account happens.
import { button, make, type Child } from "./build.ts";

export interface View {
  title: string;
  content: Child[];
  wide?: boolean;
  back?: () => View; // where one came from
}

export class Panel {
  readonly #title = make("h2", { id: "account-title", class: "account-title", tabindex: "-1" });
  readonly #back: HTMLButtonElement;
  readonly #body = make("div", { class: "account-body" });
  readonly #dialog: HTMLDialogElement;
  readonly #onClose: () => void;
  #view: View | null = null;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
    this.#back = button("Back", () => this.#goBack());
    const close = button("Close", () => this.close());
    const head = make("div", { class: "account-head" }, this.#back, this.#title, close);
    const attributes = { class: "account-dialog", "aria-labelledby": "account-title" };
    this.#dialog = make("dialog", attributes, head, this.#body);
    this.#dialog.addEventListener("close", () => this.#closed());
    document.body.append(this.#dialog);
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  show(view: View): void {
    this.#view = view;
    this.#title.textContent = view.title;
    this.#back.hidden = view.back === undefined;
    this.#dialog.classList.toggle("account-wide", view.wide === true);
    this.#body.replaceChildren(...view.content.filter((child) => child !== null));
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#dialog.scrollTop = 0;
    const first = this.#body.querySelector<HTMLElement>("input:not([tabindex='-1'])");
    // On a phone the keyboard would cover what there is to read first.
    const typing = first !== null && matchMedia("(hover: hover)").matches;
    (typing ? first : this.#title).focus();
  }

  close(): void {
    this.#dialog.close();
  }

  #goBack(): void {
    const back = this.#view?.back;
    if (back !== undefined) this.show(back());
  }

  #closed(): void {
    this.#view = null;
    this.#body.replaceChildren(); // and with it every password that was typed
    this.#onClose();
  }
}
