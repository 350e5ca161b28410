// The pages about figures, fetched only when somebody goes to them. Puts everything together.
import type { Incoming } from "../intake.ts";
import type { ModelFacts, NetworkRequest } from "../messages.ts";
import type { Models } from "../models.ts";
import type { MeasuredPoint } from "../operating-point.ts";
import { plural, wholeNumber } from "../wording.ts";
import { make, paragraph } from "./build.ts";
import { EvaluateView } from "./evaluate-view.ts";
import { Evaluator } from "./evaluator.ts";
import { SiteFiles } from "./files.ts";
import { ModelView } from "./model-view.ts";
import { OperatingPointView } from "./operating-point-view.ts";

export type Place = "figures" | "evaluate";

// What the page gives.
export interface FiguresParts {
  base: string; // of the page's files
  reports: readonly ReportFiles[];
  siteModels: readonly SiteModel[];
  shown: () => ModelFacts | null; // the model that gave the shown answer
  models: () => Promise<Models>; // when they can read
  network: { now(): number; since(moment: number): NetworkRequest[] | null };
  redraw: () => void;
  tell: (sentence: string) => void;
  save: (name: string, content: Blob) => void;
}

// What the page gets.
export interface FiguresPart {
  show(place: Place | null): void; // null: back to the images
  takes(incoming: Incoming): boolean; // whether they were for the open page
  explain(requests: NetworkRequest[]): { rest: NetworkRequest[]; note: string };
  // The slider to stand beside an answer; null where the model has no report on this site.
  operatingPoint(
    model: ModelFacts,
    inForce: () => number, // the threshold, when the slider is there
    onChange: (point: MeasuredPoint) => void,
  ): Promise<OperatingPointView | null>;
}

const TITLES: Record<Place, string> = {
  figures: "How good is it?",
  evaluate: "Evaluate on my own images",
};

class FiguresPages implements FiguresPart {
  readonly #parts: FiguresParts;
  readonly #files: SiteFiles;
  readonly #model: ModelView;
  readonly #title = make("h2", { class: "figures-title", tabindex: "-1" });
  readonly #place = make("div", {});
  readonly #page: HTMLElement;
  readonly #cover = document.getElementById("drop-cover");
  readonly #coverText: string;
  #evaluator: Promise<Evaluator> | null = null;
  #evaluate: EvaluateView | null = null;
  #shown: Place | null = null;
  #cameFrom: HTMLElement | null = null; // what had the focus

  constructor(parts: FiguresParts, files: SiteFiles) {
    this.#parts = parts;
    this.#files = files;
    this.#coverText = this.#cover?.textContent ?? "";
    const { reports, save, tell } = parts;
    this.#model = new ModelView({ files, reports, save, tell });
    const back = make(
      "a",
      { href: "#", class: "btn btn-sm btn-outline-secondary" },
      "Back to images",
    );
    const head = make("div", { class: "figures-head" }, this.#title, back);
    this.#page = make(
      "section",
      { id: "figures-page", class: "figures-page", hidden: true },
      head,
      this.#place,
    );
    this.#page.setAttribute("aria-label", "Figures");
    document.getElementById("main")?.append(this.#page);
  }

  show(place: Place | null): void {
    if (place === this.#shown) return;
    if (this.#shown === null) {
      const { activeElement } = document;
      this.#cameFrom = activeElement instanceof HTMLElement ? activeElement : null;
    }
    this.#shown = place;
    this.#page.hidden = place === null;
    this.#page.toggleAttribute("data-own-keys", place !== null);
    document.body.classList.toggle("figures-open", place !== null);
    if (this.#cover !== null)
      this.#cover.textContent =
        place === "evaluate" ? "Drop a folder to evaluate" : this.#coverText;
    if (place === null) {
      this.#parts.redraw(); // and with it the title
      this.#cameFrom?.focus();
      return;
    }
    document.title = `${TITLES[place]} · InSitu`;
    this.#title.textContent = TITLES[place];
    this.#place.replaceChildren(this.#body(place));
    scrollTo(0, 0);
    this.#title.focus();
  }

  takes(incoming: Incoming): boolean {
    if (this.#shown !== "evaluate") {
      // An image that is given while figures are looked at is to be read.
      if (this.#shown === "figures") location.hash = "";
      return false;
    }
    this.#evaluation().take(incoming);
    return true;
  }

  explain(requests: NetworkRequest[]): { rest: NetworkRequest[]; note: string } {
    const rest = requests.filter(({ url }) => !this.#files.has(url));
    const fetched = requests.length - rest.length;
    if (fetched === 0) return { rest, note: "" };
    return { rest, note: `The pages about figures fetched ${plural(fetched, "file")} meanwhile.` };
  }

  async operatingPoint(
    model: ModelFacts,
    inForce: () => number,
    onChange: (point: MeasuredPoint) => void,
  ): Promise<OperatingPointView | null> {
    const files = this.#parts.reports.find((one) => one.model === model.sha256);
    if (files === undefined) return null;
    const measured = await this.#model.reportOf(files);
    const { patches, cases, name } = measured.data;
    return new OperatingPointView({
      measured,
      source: `${wholeNumber(patches)} images of ${cases} cases (${name})`,
      stated: model.operatingPoints,
      threshold: inForce(),
      onChange,
    });
  }

  #body(place: Place): HTMLElement {
    if (place === "evaluate") {
      // Now, so that nothing is fetched while images are read.
      void this.#evaluatorReady().catch(() => undefined);
      const view = this.#evaluation();
      view.prepare();
      return view.element;
    }
    const { element } = this.#model;
    if (element.firstChild === null) element.append(paragraph("The figures are being loaded."));
    this.#showModel().catch((error: unknown) => {
      element.replaceChildren(paragraph(String(error), "figures-warning"));
    });
    return element;
  }

  // The model says which figures are asked for; those of one that did not load can be seen too.
  async #showModel(): Promise<void> {
    const { models, shown } = this.#parts;
    await models().catch(() => undefined);
    await this.#model.show(shown());
  }

  #evaluatorReady(): Promise<Evaluator> {
    this.#evaluator ??= Evaluator.load(this.#files).catch((error: unknown) => {
      this.#evaluator = null; // the next attempt fetches again
      throw error;
    });
    return this.#evaluator;
  }

  #evaluation(): EvaluateView {
    const { siteModels, models, network, save } = this.#parts;
    const evaluator = () => this.#evaluatorReady();
    this.#evaluate ??= new EvaluateView({ evaluator, siteModels, models, network, save });
    return this.#evaluate;
  }
}

export async function start(parts: FiguresParts): Promise<FiguresPart> {
  // Browsers fetch a page's icon anew when its address changes.
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href ?? "";
  const files = new SiteFiles(parts.base, [import.meta.url, icon]);
  await files.style(FIGURES_CATALOG.style);
  return new FiguresPages(parts, files);
}
