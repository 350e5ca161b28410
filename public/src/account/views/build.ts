// Making elements. Texts are always text: nothing here parses HTML.

export type Child = Node | string | null;

// An attribute that is true is there without a value, one that is false is not there.
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean>,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export const paragraph = (text: string, className = "") => make("p", { class: className }, text);

export type ButtonKind = "primary" | "outline-secondary" | "link";

export function button(
  text: string,
  act: () => unknown,
  kind: ButtonKind = "outline-secondary",
): HTMLButtonElement {
  const made = make("button", { type: "button", class: `btn btn-sm btn-${kind}` }, text);
  made.addEventListener("click", () => void act());
  return made;
}

export function actions(...buttons: (HTMLElement | null)[]): HTMLElement {
  return make("div", { class: "account-actions" }, ...buttons);
}

// A section that stands out: what a person has to know before they go on.
export function notice(...children: Child[]): HTMLElement {
  return make("div", { class: "account-notice" }, ...children);
}
