// Files and keys from the person: the whole page is a drop zone.
import { fromClipboard, fromDrop, fromList, type Incoming } from "./intake.ts";
import type { Session } from "./session.ts";
import { byId } from "./views/parts.ts";

export interface InputOptions {
  session: Session;
  fileInput: HTMLInputElement;
  takeIn: (incoming: Incoming) => void;
  tell: (sentence: string) => void;
}

function bringsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

function bindDrop({ takeIn, tell }: InputOptions): void {
  // An element entered is told before the one left, so they are counted.
  let depth = 0;
  const show = () => document.body.classList.toggle("dropping", depth > 0);
  document.addEventListener("dragenter", (event) => {
    if (bringsFiles(event)) depth += 1;
    show();
  });
  document.addEventListener("dragleave", (event) => {
    if (bringsFiles(event)) depth = Math.max(0, depth - 1);
    show();
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault(); // otherwise the browser would open the file in place of the page
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    show();
    if (event.dataTransfer === null) return;
    fromDrop(event.dataTransfer).then(takeIn, () =>
      tell("The folder could not be read. Choose the images in it instead."),
    );
  });
}

function bindKeys(session: Session): void {
  const dialog = byId("keys-dialog", HTMLDialogElement);
  const move = (steps: number) => () => {
    if (session.entries.length < 2) return false; // the key scrolls as everywhere
    session.move(steps);
    return true;
  };
  // Each says whether it did anything with the key.
  const acts: Record<string, () => boolean> = {
    ArrowDown: move(1),
    ArrowUp: move(-1),
    Home: move(-Infinity),
    End: move(Infinity),
    Delete: () => {
      if (session.selected === null) return false;
      session.remove(session.selected);
      return true;
    },
    Escape: () => {
      if (session.pending === 0) return false;
      session.cancel();
      return true;
    },
    "?": () => {
      dialog.showModal();
      return true;
    },
  };
  byId("keys", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open], [data-own-keys]") !== null) return; // they are its own
    if (acts[event.key]?.() === true) event.preventDefault();
  });
}

export function bindInput(options: InputOptions): void {
  const { session, fileInput, takeIn } = options;
  bindDrop(options);
  bindKeys(session);
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (data !== null && data.files.length > 0) takeIn(fromClipboard(data, new Date()));
  });
  fileInput.addEventListener("change", () => {
    takeIn(fromList(fileInput.files ?? []));
    fileInput.value = ""; // so that the same file can be chosen again
  });
}
