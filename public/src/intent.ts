// Whether somebody is about to read an image. Until then no worker is started: a page that is only
// looked at holds no engine, and a person takes longer to drop a file than a worker takes to start.

// An image comes by drag and drop, by pasting, or by the dialog that a button opens; some assistive
// tools send the click alone. Whoever opens a model's figures starts one too.
export const SIGNS = ["dragenter", "focusin", "pointerdown", "keydown", "paste", "click"] as const;

export interface Intent {
  shown: Promise<void>;
  show: () => void; // as when files come in some other way
}

// target: the document.
export function watchIntent(target: EventTarget): Intent {
  const stop = new AbortController();
  let resolve: () => void = () => undefined;
  const shown = new Promise<void>((yes) => (resolve = yes));
  const show = () => {
    stop.abort();
    resolve();
  };
  const options = { signal: stop.signal, capture: true, passive: true };
  for (const sign of SIGNS) target.addEventListener(sign, show, options);
  return { shown, show };
}
