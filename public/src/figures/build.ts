// Making elements of HTML and SVG. Texts are always text: nothing here parses HTML.

export type Child = Node | string | null;
export type Attributes = Record<string, string | number | boolean>;

// An attribute that is true is there without a value, one that is false is not there.
function fill<T extends Element>(made: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function draw<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

export const paragraph = (text: string, className = "") => make("p", { class: className }, text);

export function button(text: string, act: () => unknown, primary = false): HTMLButtonElement {
  const kind = primary ? "btn-primary" : "btn-outline-secondary";
  const made = make("button", { type: "button", class: `btn btn-sm ${kind}` }, text);
  made.addEventListener("click", () => void act());
  return made;
}

export function section(title: string, ...children: Child[]): HTMLElement {
  return make("section", { class: "figures-section" }, make("h3", {}, title), ...children);
}

export type Cell = string | number | null | Node;

const text = (cell: Cell) => (cell === null ? "–" : cell instanceof Node ? cell : String(cell));

// Figures stay in one line, sentences do not.
const isFigure = (cell: Cell) => !(cell instanceof Node) && String(cell).length <= 20;

// The first cell of a row is its heading. A table too wide for the screen scrolls by itself.
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly Cell[][],
): HTMLElement {
  const headings = head.map((title) =>
    title === "" ? make("td") : make("th", { scope: "col" }, title),
  );
  const lines = rows.map(([first = null, ...rest]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, text(first)),
      ...rest.map((cell) =>
        make("td", { class: isFigure(cell) ? "figures-figure" : "" }, text(cell)),
      ),
    ),
  );
  const made = make(
    "table",
    { class: "figures-table" },
    make("caption", {}, caption),
    head.every((title) => title === "") ? null : make("thead", {}, make("tr", {}, ...headings)),
    make("tbody", {}, ...lines),
  );
  return make(
    "div",
    { class: "figures-scroll", tabindex: 0, role: "group", "aria-label": caption },
    made,
  );
}

export function fold(summary: string, ...children: Child[]): HTMLDetailsElement {
  return make("details", { class: "figures-fold" }, make("summary", {}, summary), ...children);
}

// A chart with its heading, what it says in words, and its numbers under a fold.
export function chartFigure(
  title: string,
  words: string,
  chart: Node,
  numbers: HTMLElement,
): HTMLElement {
  return make(
    "figure",
    { class: "figures-chart" },
    make("h4", {}, title),
    chart,
    make("figcaption", {}, words),
    fold("Numbers", numbers),
  );
}
