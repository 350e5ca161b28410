// The way to "How good is it?" and "Evaluate on my own images": pages of their own at #figures and
// #evaluate, whose script is fetched when somebody goes there.
import type { FiguresPart, FiguresParts, Place } from "./figures/main.ts";
import type { Incoming } from "./intake.ts";
import type { NetworkRequest } from "./messages.ts";

const PLACES: readonly string[] = ["figures", "evaluate"] satisfies Place[];

export class FiguresLink {
  readonly #catalog: SiteCatalog["figures"];
  readonly #given: Omit<FiguresParts, "reports">;
  #loading: Promise<FiguresPart> | null = null;
  #part: FiguresPart | null = null;

  constructor(catalog: SiteCatalog["figures"], given: Omit<FiguresParts, "reports">) {
    this.#catalog = catalog;
    this.#given = given;
    for (const link of document.querySelectorAll<HTMLElement>('a[href="#figures"]')) {
      link.hidden = catalog.reports.length === 0;
    }
    addEventListener("hashchange", () => this.#follow());
    this.#follow();
  }

  // The part itself: for what else of the page shows a model's figures.
  // What did not load is loaded anew when it is asked for again.
  part(): Promise<FiguresPart> {
    return (this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = null;
      throw error;
    }));
  }

  // Whether the page that is open took them.
  takes(incoming: Incoming): boolean {
    // The address changes first; the page that it leaves must take nothing more.
    if (!PLACES.includes(location.hash.slice(1))) return false;
    return this.#part?.takes(incoming) ?? false;
  }

  // Takes out the requests that fetched these pages.
  explain(requests: NetworkRequest[]): { rest: NetworkRequest[]; note: string } {
    return this.#part?.explain(requests) ?? { rest: requests, note: "" };
  }

  async #load(): Promise<FiguresPart> {
    const { script, reports } = this.#catalog;
    type Code = typeof import("./figures/main.ts");
    const { start } = (await import(new URL(script, this.#given.base).href)) as Code;
    this.#part = await start({ ...this.#given, reports });
    return this.#part;
  }

  #follow(): void {
    const asked = location.hash.slice(1);
    const place = PLACES.includes(asked) ? (asked as Place) : null;
    if (place === null) this.#part?.show(null);
    else {
      this.part().then(
        (part) => part.show(location.hash === `#${place}` ? place : null),
        (error: unknown) =>
          this.#given.tell(
            `This page did not load: ${String(error)}. Check the connection and try again.`,
          ),
      );
    }
  }
}
