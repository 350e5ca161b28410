// Starts workers that the browser itself keeps off the network, on any server, with no header.
//
// A worker whose script is a blob: inherits the Content-Security-Policy of the document that starts
// it. So it is started from an empty frame whose own policy allows nothing but such workers and
// compiled WebAssembly. And because the script is fetched once and kept, starting or replacing a
// worker makes no request: images can be read with the server gone, and the count of requests that
// the page shows is zero, not nearly zero.

const FRAME_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'; worker-src blob:";

function loaded(frame: HTMLIFrameElement): Promise<void> {
  return new Promise((resolve) => {
    // Before this event Firefox still replaces the empty document, and the policy with it.
    frame.addEventListener("load", () => resolve(), { once: true });
    document.body.append(frame);
  });
}

// source: the worker's script, a classic one. Resolves to what starts a worker.
export async function closedWorkerFactory(source: string): Promise<() => Worker> {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.title = "Engine";
  await loaded(frame);
  const view = frame.contentWindow as (Window & typeof globalThis) | null;
  if (view === null) throw new Error("the browser made no frame");
  const policy = view.document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = FRAME_POLICY;
  view.document.head.append(policy);
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return () => new view.Worker(url, { name: "engine" });
}
