// Finding the elements of index.html that a view fills in. A missing one is a programming error.

type Kind<T extends HTMLElement> = new () => T;

function checked<T extends HTMLElement>(found: Element | null, kind: Kind<T>, name: string): T {
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} called ${name}`);
  return found;
}

export function byId<T extends HTMLElement>(id: string, kind: Kind<T>): T {
  return checked(document.getElementById(id), kind, id);
}

export function part(root: HTMLElement, name: string): HTMLElement;
export function part<T extends HTMLElement>(root: HTMLElement, name: string, kind: Kind<T>): T;
export function part(
  root: HTMLElement,
  name: string,
  kind: Kind<HTMLElement> = HTMLElement,
): HTMLElement {
  return checked(root.querySelector(`[data-part="${name}"]`), kind, name);
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

const NAME_TAIL = 12; // characters: the end tells patches of one case apart

// A file name that is cut in its middle where there is no room for all of it.
export function showFileName(holder: HTMLElement, name: string): void {
  const at = Math.max(0, name.length - NAME_TAIL);
  holder.title = name;
  holder.replaceChildren(
    element("span", "file-name-head", name.slice(0, at)),
    element("span", "file-name-tail", name.slice(at)),
  );
}

// The engine's preview of an image, drawn.
export function drawPreview(
  canvas: HTMLCanvasElement,
  preview: { width: number; height: number; rgba: Uint8ClampedArray<ArrayBuffer> },
): void {
  canvas.width = preview.width;
  canvas.height = preview.height;
  const image = new ImageData(preview.rgba, preview.width, preview.height);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}
