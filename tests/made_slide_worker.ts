// A worker of the slide part without a thread: the real service behind a queue of messages.
import type { SlideMessage, SlideReply } from "../public/src/slide/messages.ts";
import {
  serveSlides,
  type SlideScope,
  type SlideTools,
} from "../public/src/slide/slide-service.ts";
import type { SlideWorkerLike } from "../public/src/slide/worker-client.ts";

export interface MadeSlideWorker extends SlideWorkerLike {
  terminated: boolean;
  readonly messages: SlideMessage[]; // as they were sent
}

// delay: ms until a reply arrives
export function makeSlideWorker(tools: SlideTools, delay: () => number = () => 0): MadeSlideWorker {
  const listeners: ((event: { data: unknown }) => void)[] = [];
  const replies: ((event: Event) => void)[] = [];
  const worker: MadeSlideWorker = {
    terminated: false,
    messages: [],
    addEventListener: (type, listener) => {
      if (type === "message") replies.push(listener);
    },
    postMessage: (message: SlideMessage, transfer) => {
      const data = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
      worker.messages.push(data);
      setTimeout(() => {
        if (!worker.terminated) for (const listen of listeners) listen({ data });
      }, 0);
    },
    terminate: () => (worker.terminated = true),
  };
  const scope: SlideScope = {
    addEventListener: (type, listener) => {
      if (type === "message") listeners.push(listener);
    },
    postMessage: (reply: SlideReply) => {
      const data = structuredClone(reply);
      setTimeout(() => {
        if (!worker.terminated) for (const listen of replies) listen({ data } as MessageEvent);
      }, delay());
    },
  };
  serveSlides(scope, tools);
  return worker;
}

export const nobodyAsks = () => Promise.reject(new Error("nobody asks"));
export const breathe = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
