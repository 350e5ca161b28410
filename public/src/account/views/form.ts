// Real forms, so that password managers, Enter and paste work; errors stand at the field they are
// about, and what the server says above the button.
import { failureSentence } from "../wording.ts";
import { make, type Child } from "./build.ts";

let made = 0; // for ids

export interface FieldOptions {
  label: string;
  name: string;
  autocomplete: string; // as password managers know it
  help?: string;
  value?: string;
  type?: "text" | "password" | "date" | "search";
  check?: (value: string) => string | null; // what is wrong with it
}

export class Field {
  readonly root: HTMLElement;
  readonly input: HTMLInputElement;
  readonly #error: HTMLElement;
  readonly #check: (value: string) => string | null;

  constructor(options: FieldOptions) {
    const { label, name, autocomplete, help = "", value = "", type = "text" } = options;
    const id = `field-${++made}`;
    this.#check = options.check ?? ((typed) => (typed.trim() === "" ? "Fill this in." : null));
    this.input = make("input", {
      id,
      name,
      type,
      autocomplete,
      value,
      class: "form-control",
      autocapitalize: "none",
      spellcheck: "false",
      "aria-describedby": `${id}-help ${id}-error`,
    });
    this.#error = make("p", { id: `${id}-error`, class: "account-error", hidden: true });
    this.root = make(
      "div",
      { class: "account-field" },
      make("label", { for: id }, label),
      type === "password" ? withShowButton(this.input) : this.input,
      make("p", { id: `${id}-help`, class: "account-help", hidden: help === "" }, help),
      this.#error,
    );
  }

  get value(): string {
    return this.input.value;
  }

  // Says at the field what is wrong with it. Returns whether nothing is.
  validate(): boolean {
    const fault = this.#check(this.value);
    this.say(fault);
    return fault === null;
  }

  say(fault: string | null): void {
    this.#error.textContent = fault ?? "";
    this.#error.hidden = fault === null;
    if (fault === null) this.input.removeAttribute("aria-invalid");
    else this.input.setAttribute("aria-invalid", "true");
  }
}

function withShowButton(input: HTMLInputElement): HTMLElement {
  const toggle = make(
    "button",
    {
      type: "button",
      class: "btn btn-outline-secondary",
      "aria-pressed": "false",
      "aria-label": "Show what is typed",
    },
    "Show",
  );
  toggle.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    toggle.textContent = shown ? "Hide" : "Show";
    toggle.setAttribute("aria-pressed", String(shown));
  });
  return make("div", { class: "account-secret" }, input, toggle);
}

// For password managers, which want to know whose password is asked for.
export function hiddenUsername(username: string): HTMLElement {
  const attributes = { type: "text", autocomplete: "username", value: username, readonly: true };
  return make("input", {
    ...attributes,
    class: "visually-hidden",
    tabindex: "-1",
    "aria-hidden": "true",
  });
}

export interface FormOptions {
  fields: Field[];
  content: Child[]; // with the fields' roots at their places
  submit: string;
  busy: string; // in place of it, while it is done
  danger?: boolean;
  more?: Child[]; // beside the button
  act: () => Promise<unknown>;
}

export function form(options: FormOptions): HTMLFormElement {
  const { fields, content, submit, busy, more = [], act } = options;
  const failure = make("p", { class: "account-error", role: "alert", hidden: true });
  const kind = options.danger === true ? "btn-danger-quiet" : "btn-primary";
  const go = make("button", { type: "submit", class: `btn ${kind}` }, submit);
  const bar = make("div", { class: "account-actions" }, go, ...more);
  const made = make("form", { class: "account-form", novalidate: true }, ...content, failure, bar);
  const run = async () => {
    if (go.disabled) return;
    failure.hidden = true;
    const wrong = fields.filter((field) => !field.validate());
    wrong[0]?.input.focus();
    if (wrong.length > 0) return;
    go.disabled = true;
    go.textContent = busy;
    try {
      await act();
    } catch (error) {
      failure.textContent = failureSentence(error);
      failure.hidden = false;
    } finally {
      go.disabled = false;
      go.textContent = submit;
    }
  };
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void run();
  });
  return made;
}
