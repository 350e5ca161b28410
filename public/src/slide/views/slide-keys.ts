// The keys of the image: they work while it has the focus, and are listed under "?".
import { make } from "../../figures/build.ts";
import type { Drawing } from "./drawing.ts";
import type { SlideViewer } from "./slide-viewer.ts";

export interface KeyTarget {
  readonly viewer: SlideViewer | null;
  readonly drawing: Drawing | null;
  readonly opacity: number;
  setOpacity(opacity: number): void;
  toggleMap(): void;
  stepPlace(step: number): void;
  readPointed(): void;
}

const OPACITY_STEP = 0.1;

const LISTED: [keys: string[], what: string][] = [
  [["←", "→", "↑", "↓"], "Move the image that has the focus"],
  [["+", "−", "0"], "Zoom in, out, show all of it"],
  [["M"], "Show or hide the map"],
  [["[", "]"], "Map more transparent, or less"],
  [["N", "P"], "Next or previous suspicious place"],
  [["E"], "Read the place under the pointer, or gone to, as a patch"],
  [["R", "L"], "Draw a region; a ruler"],
  [["Enter"], "Close the region that is drawn"],
];

function listKeys(): void {
  const list = document.querySelector(".keys-list");
  for (const [keys, what] of LISTED) {
    list?.append(
      make("dt", {}, ...keys.flatMap((key) => [make("kbd", {}, key), " "])),
      make("dd", {}, what),
    );
  }
}

export function bindSlideKeys(place: HTMLElement, target: KeyTarget): void {
  listKeys();
  const acts: Record<string, () => unknown> = {
    ArrowLeft: () => target.viewer?.pan(-1, 0),
    ArrowRight: () => target.viewer?.pan(1, 0),
    ArrowUp: () => target.viewer?.pan(0, -1),
    ArrowDown: () => target.viewer?.pan(0, 1),
    "+": () => target.viewer?.zoom(1),
    "=": () => target.viewer?.zoom(1),
    "-": () => target.viewer?.zoom(-1),
    "0": () => target.viewer?.home(),
    m: () => target.toggleMap(),
    "[": () => target.setOpacity(target.opacity - OPACITY_STEP),
    "]": () => target.setOpacity(target.opacity + OPACITY_STEP),
    n: () => target.stepPlace(1),
    p: () => target.stepPlace(-1),
    e: () => target.readPointed(),
    r: () => target.drawing?.choose("region"),
    l: () => target.drawing?.choose("ruler"),
    Enter: () => target.drawing?.finish(),
  };
  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOnImage = event.target === target.viewer?.focusTarget;
    if (event.key === "Escape" && target.drawing?.tool != null) {
      target.drawing.choose(null);
      event.stopPropagation();
      return;
    }
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!isOnImage || act === undefined) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  });
}
