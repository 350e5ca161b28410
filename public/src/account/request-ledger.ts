// What the account itself sent, so that the page's count of network requests can tell it from
// everything else. Only a request that was made here is explained, and each only once.
import type { NetworkRequest } from "../messages.ts";
import type { SentRequest } from "./api.ts";

// A request is written down a moment before the browser's own clock for it starts.
const SLACK_MS = 100;

export class RequestLedger {
  readonly #sent: (SentRequest & { at: number })[] = [];
  readonly #own: ReadonlySet<string>; // addresses of the account's code, fetched with nothing sent
  readonly #now: () => number;

  constructor(own: Iterable<string>, now: () => number) {
    this.#own = new Set(own);
    this.#now = now;
  }

  add(request: SentRequest): void {
    this.#sent.push({ ...request, at: this.#now() });
  }

  // Of the requests that the browser reports since then: those that are not the account's, and of
  // those that are, how many there were and how many bytes their bodies had.
  explain(
    requests: readonly NetworkRequest[],
    since: number,
  ): { rest: NetworkRequest[]; count: number; bytes: number } {
    const open = this.#sent.filter(({ at }) => at >= since - SLACK_MS);
    const rest: NetworkRequest[] = [];
    let count = 0;
    let bytes = 0;
    for (const request of requests) {
      const at = open.findIndex(({ url }) => url === request.url);
      const [found] = at < 0 ? [] : open.splice(at, 1);
      if (found === undefined && !this.#own.has(request.url)) rest.push(request);
      else {
        count += 1;
        bytes += found?.bytes ?? 0;
      }
    }
    return { rest, count, bytes };
  }
}
