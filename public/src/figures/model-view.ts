// "How good is it?": a model's figures, drawn from the report that lies beside it.
import type { ModelFacts } from "../messages.ts";
import { button, make, paragraph } from "./build.ts";
import { cardNodes } from "./card.ts";
import type { SiteFiles } from "./files.ts";
import { asGateReport, asReport, asSectionReport, type Published, type Report } from "./report.ts";
import { reportSections } from "./report-view.ts";
import * as wording from "./wording.ts";

const SHORT_HASH = 10; // digits

export interface ModelOptions {
  files: SiteFiles;
  tell: (sentence: string) => void;
  reports: readonly ReportFiles[];
  save: (name: string, content: Blob) => void;
}

export class ModelView {
  readonly element = make("div", { class: "figures-body" });
  readonly #options: ModelOptions;
  readonly #reports = new Map<string, Promise<Report>>();
  readonly #texts = new Map<string, string>(); // of the reports, as they came
  #figures: HTMLElement[] = []; // of the shown model; a card may stand in their place
  #shown = ""; // SHA-256 of the model

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  reportOf({ report, model }: ReportFiles): Promise<Report> {
    const known = this.#reports.get(model);
    if (known !== undefined) return known;
    const loading = this.#options.files
      .fetch(report)
      .then((response) => response.text())
      .then((text) => {
        this.#texts.set(model, text);
        return asReport(JSON.parse(text));
      });
    this.#reports.set(model, loading);
    loading.catch(() => this.#reports.delete(model)); // the next visit fetches again
    return loading;
  }

  // model: whose figures are asked for; null shows the first one's.
  async show(model: ModelFacts | null): Promise<void> {
    const { reports } = this.#options;
    const own = reports.find((one) => one.model === model?.sha256);
    const chosen = own ?? reports[0];
    if (chosen === undefined) {
      this.element.replaceChildren(paragraph("No model of this site has an evaluation beside it."));
      return;
    }
    if (chosen.model === this.#shown) {
      this.element.replaceChildren(...this.#figures);
      return;
    }
    const foreign =
      model === null || own !== undefined
        ? null
        : `Of ${model.id} ${model.version} (${model.sha256.slice(0, SHORT_HASH)}), which reads here, this site has no evaluation. What follows is of another model.`;
    await this.#showFiles(chosen, model, foreign);
  }

  async #showFiles(
    chosen: ReportFiles,
    model: ModelFacts | null,
    foreign: string | null,
  ): Promise<void> {
    this.#shown = chosen.model;
    const { files, reports } = this.#options;
    const optional = (file: SiteFile | null) => (file === null ? null : files.json(file));
    const [all, report, published, scanned, gate] = await Promise.all([
      // One that cannot be read is not offered beside the others; asked for itself, it says why.
      Promise.all(reports.map((one) => this.reportOf(one).catch(() => null))),
      this.reportOf(chosen),
      optional(chosen.facts) as Promise<Published | null> | null,
      optional(chosen.section),
      optional(FIGURES_CATALOG.gate),
    ]).catch((error: unknown) => {
      this.#shown = "";
      throw error;
    });
    const others = this.#switch(all, chosen, model);
    this.#figures = [
      make(
        "div",
        { class: "figures-lead" },
        ...(foreign === null ? [] : [paragraph(foreign, "figures-warning")]),
        others,
        make(
          "p",
          {},
          `Model ${report.model.id} (`,
          make("code", {}, report.model.sha256.slice(0, SHORT_HASH)),
          `) on ${wording.dataSentence(report)}`,
        ),
        paragraph(
          "All figures here are drawn from the report that insitu evaluate wrote of this model. They tell of those images, not of yours: other scanners, stains and people may give others.",
        ),
        make("div", { class: "figures-actions" }, ...this.#actions(chosen, report)),
      ),
      ...reportSections(report, {
        published,
        section: asSectionReport(scanned),
        gate: gate === null ? null : (asGateReport(gate) ?? "unreadable"),
      }),
    ];
    this.element.replaceChildren(...this.#figures);
  }

  // all: in the order of the site's reports.
  #switch(
    all: readonly (Report | null)[],
    chosen: ReportFiles,
    model: ModelFacts | null,
  ): HTMLElement | null {
    const buttons = this.#options.reports.flatMap((one, index) => {
      const report = all[index] ?? null;
      if (report === null) return [];
      const show = () => this.#attempt(this.#showFiles(one, model, null));
      const made = button(report.model.id, show);
      made.setAttribute("aria-pressed", String(one === chosen));
      made.classList.toggle("active", one === chosen);
      return [made];
    });
    if (buttons.length < 2) return null;
    return make(
      "div",
      { class: "figures-actions", role: "group", "aria-label": "Model" },
      ...buttons,
    );
  }

  #actions(chosen: ReportFiles, report: Report): HTMLElement[] {
    const { card, model } = chosen;
    const json = button("Save report", () => {
      const text = this.#texts.get(model) ?? "";
      const file = new Blob([text], { type: "application/json" });
      this.#options.save(`${report.model.id}.report.json`, file);
    });
    const paper = button("Print", () => print());
    if (card === null) return [json, paper];
    return [button("Model card", () => this.#attempt(this.#showCard(card, model))), json, paper];
  }

  async #showCard(card: SiteFile, model: string): Promise<void> {
    const response = await this.#options.files.fetch(card);
    const text = await response.text();
    if (this.#shown !== model) return; // another one was asked for meanwhile
    const back = button("Back to the figures", () =>
      this.element.replaceChildren(...this.#figures),
    );
    this.element.replaceChildren(
      make(
        "div",
        { class: "figures-actions" },
        back,
        button("Print", () => print()),
      ),
      make("article", { class: "figures-card" }, ...cardNodes(text)),
    );
    scrollTo(0, 0);
  }

  #attempt(work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.tell(String(error)));
  }
}
