// "Evaluate on my own images": a labelled folder in, the same tables and curves as of a model.
import { fromList, type Incoming } from "../intake.ts";
import { textOf, type ModelFacts, type NetworkRequest } from "../messages.ts";
import type { Models } from "../models.ts";
import { plural, wholeNumber } from "../wording.ts";
import { button, make, paragraph, section, table } from "./build.ts";
import {
  finishReport,
  imagesCsv,
  readAll,
  reportJson,
  requestOf,
  type Outcome,
  type ReadImage,
} from "./evaluating.ts";
import type { Evaluator } from "./evaluator.ts";
import { labelFolder, ruleSentence, withoutCopies, type LabelledFolder } from "./labelled.ts";
import type { Report } from "./report.ts";
import { reportSections } from "./report-view.ts";
import * as wording from "./wording.ts";

export interface EvaluateOptions {
  evaluator: () => Promise<Evaluator>;
  siteModels: readonly SiteModel[];
  models: () => Promise<Models>; // when they can read
  network: { now(): number; since(moment: number): NetworkRequest[] | null };
  save: (name: string, content: Blob) => void;
}

interface Evaluated {
  model: ModelFacts;
  folder: LabelledFolder;
  outcomes: Outcome[];
  report: Report;
  requests: NetworkRequest[] | null;
}

const MOST_ERRORS = 50; // that are listed

export class EvaluateView {
  readonly element = make("div", { class: "figures-body" });
  readonly #options: EvaluateOptions;
  readonly #status = make("div", { class: "evaluate-status", role: "status" });
  readonly #bar = make("progress", { class: "evaluate-progress", "aria-label": "Images read" });
  readonly #cancel = button("Cancel", () => this.#stop?.abort());
  readonly #work = make("div", { class: "evaluate-work", hidden: true });
  readonly #result = make("div", { class: "figures-body" });
  readonly #layout = paragraph(layoutSentence(null));
  readonly #choice: HTMLSelectElement;
  #stop: AbortController | null = null;

  constructor(options: EvaluateOptions) {
    this.#options = options;
    const names = options.siteModels.map(({ id }) => make("option", {}, id));
    this.#choice = make("select", { class: "model-choice", id: "evaluate-model" }, ...names);
    this.#choice.addEventListener("change", () => this.prepare());
    this.#work.append(this.#bar, this.#cancel);
    this.element.append(this.#invitation(), this.#status, this.#work, this.#result);
  }

  get busy(): boolean {
    return this.#stop !== null;
  }

  // Fetches what the chosen model needs, so that nothing is fetched while images are read.
  prepare(): void {
    this.#model().then(
      ({ facts }) => (this.#layout.textContent = layoutSentence(facts)),
      () => undefined, // tried again, and told, when there is something to read
    );
  }

  async #model(): Promise<{ entry: SiteModel; facts: ModelFacts; models: Models }> {
    const entry = this.#options.siteModels[this.#choice.selectedIndex];
    if (entry === undefined) throw new Error("This site has no model to evaluate.");
    const models = await this.#options.models();
    return { entry, facts: await models.warm(entry), models };
  }

  take(incoming: Incoming): void {
    if (this.busy) {
      this.#say("A folder is being evaluated. Cancel it, or wait for its end.");
      return;
    }
    void this.#run(incoming);
  }

  #invitation(): HTMLElement {
    const input = make("input", {
      type: "file",
      class: "visually-hidden",
      tabindex: -1,
      "aria-hidden": "true",
      webkitdirectory: true,
      multiple: true,
    });
    input.addEventListener("change", () => {
      const incoming = fromList(input.files ?? []);
      input.value = ""; // so that the same folder can be chosen again
      if (incoming.files.length > 0) this.take(incoming);
    });
    return make(
      "div",
      { class: "figures-section" },
      make(
        "div",
        { class: "drop-area evaluate-drop" },
        button("Choose a folder", () => input.click(), true),
        paragraph("or drop it here", "mb-0 text-body-secondary"),
        input,
      ),
      this.#options.siteModels.length < 2 ? null : this.#modelField(),
      this.#layout,
      paragraph("Everything is read and worked out on this device. Nothing is sent.", "on-device"),
    );
  }

  #modelField(): HTMLElement {
    const label = make("label", { for: this.#choice.id }, "Evaluate the model");
    return make("p", { class: "evaluate-model" }, label, this.#choice);
  }

  #say(...sentences: string[]): void {
    this.#status.classList.remove("visually-hidden");
    this.#status.replaceChildren(...sentences.map((sentence) => paragraph(sentence)));
  }

  async #run({ files, passedOver }: Incoming): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    this.#result.replaceChildren();
    try {
      this.#show(await this.#evaluate(files, passedOver, stop.signal));
    } catch (error) {
      if (stop.signal.aborted) this.#say("Cancelled. Nothing was evaluated.");
      else this.#say(textOf(error));
    } finally {
      this.#stop = null;
      this.#work.hidden = true;
    }
  }

  async #evaluate(
    files: Incoming["files"],
    passedOver: number,
    signal: AbortSignal,
  ): Promise<Evaluated> {
    this.#say("The model is being loaded.");
    const [{ entry, facts: model, models }, evaluator] = await Promise.all([
      this.#model(),
      this.#options.evaluator(),
    ]);
    const read: ReadImage = async (file, options) => {
      const wanted = { kind: entry.kind, same: entry.sha256 };
      // Labelled images are all counted, whatever the gate thinks of them.
      return (await models.classify(file, { ...options, judgeAnyway: true }, wanted)).reading;
    };
    const { network } = this.#options;
    const began = network.now();
    const folder = await withoutCopies(labelFolder(files, passedOver, model));
    const total = folder.files.length;
    this.#progress(0, total);
    this.#say(...folderSentences(folder));
    const outcomes = await readAll(folder.files, read, signal, (done) =>
      this.#progress(done, total),
    );
    const request = requestOf(model, folder, outcomes);
    if (request.cases.length === 0)
      throw new Error(
        `None of ${plural(total, "image")} could be read: ${firstError(folder, outcomes)}`,
      );
    this.#bar.removeAttribute("value");
    this.#cancel.textContent = "Cancel";
    this.#say(...folderSentences(folder), "All are read. The figures are being worked out.");
    const json = await evaluator.evaluate(request, signal);
    const report = finishReport(json, model, folder, outcomes);
    return { model, folder, outcomes, report, requests: network.since(began) };
  }

  #progress(done: number, total: number): void {
    this.#work.hidden = false;
    this.#bar.max = Math.max(1, total);
    this.#bar.value = done;
    this.#cancel.textContent = `Cancel (${wholeNumber(done)} of ${wholeNumber(total)} read)`;
  }

  #show(evaluated: Evaluated): void {
    const { model, folder, outcomes, report, requests } = evaluated;
    const { save } = this.#options;
    this.#say(`${plural(report.data.patches, "image")} evaluated.`);
    this.#status.classList.add("visually-hidden"); // what follows says it to the eye
    const file = (content: string, type: string) => new Blob([content], { type });
    this.#result.replaceChildren(
      make(
        "div",
        { class: "figures-lead" },
        paragraph(`${model.id} ${model.version} on ${wording.dataSentence(report)}`),
        paragraph(ruleSentence(folder.rule)),
        refusedNote(outcomes),
        paragraph(proof(requests), "evaluate-proof"),
        make(
          "div",
          { class: "figures-actions" },
          button("Save JSON", () => {
            const json = reportJson(report, folder, new Date());
            save("insitu-evaluation.json", file(json, "application/json"));
          }),
          button("Save CSV", () => {
            const csv = imagesCsv(model, folder, outcomes);
            save("insitu-evaluation.csv", file(csv, "text/csv"));
          }),
          button("Print", () => print()),
        ),
      ),
      ...reportSections(report),
      ...errorSection(report),
    );
  }
}

function layoutSentence(model: ModelFacts | null): string {
  const labels = (model?.labels ?? []).map((label) => `“${label}”`).join(" and ");
  return (
    `Each image lies in a folder of its class: 1 for positive and 0 for negative${labels && `, or ${labels}`}. ` +
    "Its case is what its file name begins with (10253_idx5_x1001_y1001_class0.png), or else the folder above that of the class."
  );
}

function firstError({ errors }: LabelledFolder, outcomes: readonly Outcome[]): string {
  const error = outcomes.find((one) => one.error !== null)?.error ?? errors[0];
  return error === undefined ? "there is none." : `${error.file}: ${error.message}`;
}

function folderSentences({ files, rule, classes }: LabelledFolder): string[] {
  const positive = files.filter(({ truth }) => truth).length;
  const cases = new Set(files.map(({ caseId }) => caseId)).size;
  const from = (names: string[]) =>
    names.length === 0 ? "" : ` (${names.map((name) => `“${name}”`).join(", ")})`;
  return [
    `${plural(files.length, "image")} of ${plural(cases, "case")}: ` +
      `${wholeNumber(positive)} positive${from(classes.positive)}, ` +
      `${wholeNumber(files.length - positive)} negative${from(classes.negative)}.`,
    ruleSentence(rule),
  ];
}

// A picture of something else can only have been put there by mistake.
function refusedNote(outcomes: readonly Outcome[]): HTMLElement | null {
  const refused = outcomes.filter(({ reading }) => reading?.gate?.judgedAnyway === true).length;
  if (refused === 0) return null;
  const them = refused === 1 ? "It counts" : "They count";
  return paragraph(
    `Outside an evaluation the gate would refuse ${plural(refused, "image")} of these. ${them} here, as with the program insitu; the CSV says which.`,
    "figures-warning",
  );
}

function proof(requests: NetworkRequest[] | null): string {
  if (requests === null)
    return "Read and evaluated on this device. This browser does not report its network requests, so they could not be counted.";
  return requests.length === 0
    ? "Read and evaluated on this device: 0 bytes sent, 0 network requests meanwhile by the browser's own count."
    : `Read and evaluated on this device, but the browser reports ${plural(requests.length, "network request")} of this page meanwhile.`;
}

function errorSection({ errors }: Report): HTMLElement[] {
  if (errors.length === 0) return [];
  const rows = errors.slice(0, MOST_ERRORS).map(({ file, message }) => [file, message]);
  const more = errors.length > MOST_ERRORS ? `, the first ${MOST_ERRORS} of ${errors.length}` : "";
  const caption = `They do not count in any figure${more}; all are in the JSON and the CSV`;
  return [section("Not evaluated", table(caption, ["File", "Why"], rows))];
}
