// The composition root: the only file that knows everyone.
import { offerAccount } from "./account-link.ts";
import type { AccountPart } from "./account/main.ts";
import { Announcer } from "./announcer.ts";
import { closedWorkerFactory } from "./closed-worker.ts";
import { bindInput } from "./input.ts";
import { EnginePool, poolSize, type ClassifyOptions } from "./engine-pool.ts";
import { Judge } from "./judgement.ts";
import { resultsCsv, resultsJson } from "./exports.ts";
import { FiguresLink } from "./figures-link.ts";
import type { Incoming } from "./intake.ts";
import { watchIntent } from "./intent.ts";
import { EngineError, type Explanation, type Preview } from "./messages.ts";
import { loadEngine, loadModel } from "./model-loader.ts";
import { Models } from "./models.ts";
import { browserTimings, NetworkWatch } from "./network-watch.ts";
import { asOperatingPoint } from "./operating-point.ts";
import { SlideLink } from "./slide-link.ts";
import { asEngineError, MAX_IMAGES, Session, type ImageEntry, type Read } from "./session.ts";
import { applyTheme, storedTheme, storeTheme, THEMES } from "./theme.ts";
import { AnswerView } from "./views/answer-view.ts";
import { ExplanationView } from "./views/explanation-view.ts";
import { GateView } from "./views/gate-view.ts";
import { ListView } from "./views/list-view.ts";
import { byId, element } from "./views/parts.ts";
import { PointView, type PointParts } from "./views/point-view.ts";
import { ProofView } from "./views/proof-view.ts";
import { StageView } from "./views/stage-view.ts";
import { StartView, type LoadState } from "./views/start-view.ts";
import { plural } from "./wording.ts";

const FIRST_KIND = SITE_CATALOG.models[0]?.kind ?? "";
const LARGE_PREVIEW_SIDE = 1_600; // pixels, of an image that the browser cannot show

let load: LoadState = { step: "loading", received: 0, total: 0 };
let models: Models | null = null;
let account: AccountPart | null = null;
let drawing = false;

const intent = watchIntent(document);
const network = new NetworkWatch(browserTimings, draw);
const session = new Session(() => network.now(), draw);
const start = new StartView({ choose: chooseFiles, reload: () => location.reload() });
const judge = new Judge();
const list = new ListView(session, judge);
const stage = new StageView(largePreview);
const answer = new AnswerView(judge, (kind) => models?.ofKind(kind) ?? [], chooseModel);
const gate = new GateView((entry) => session.readAnyway(entry));
const explanation = new ExplanationView(explain);
const proof = new ProofView();
const live = byId("live", HTMLElement);
const announcer = new Announcer((text) => (live.textContent = text));
const message = byId("message", HTMLElement);
const fileInput = byId("file-input", HTMLInputElement);
const figures = new FiguresLink(SITE_CATALOG.figures, {
  base: import.meta.url,
  siteModels: SITE_CATALOG.models,
  shown: () =>
    session.selected?.slide?.row().model ??
    session.selected?.model ??
    (load.step === "ready" ? load.model : null),
  models: startedModels,
  network,
  redraw: draw,
  tell,
  save,
});
const pointParts: PointParts = {
  judge,
  hasReport: ({ sha256 }) => SITE_CATALOG.figures.reports.some((report) => report.model === sha256),
  open: async (model) => {
    try {
      const part = await figures.part();
      return await part.operatingPoint(
        model,
        () => judge.pointFor(model).threshold,
        (point) => {
          judge.choose(model, asOperatingPoint(point));
          draw();
        },
      );
    } catch (error) {
      tell(
        `The operating point did not load: ${String(error)}. Check the connection and try again.`,
      );
      return null;
    }
  },
  redraw: draw,
};
const modelFiles = new Map<string, Promise<ArrayBuffer>>(); // by name; fetched once
const slides = new SlideLink(
  SITE_CATALOG.slide,
  {
    base: import.meta.url,
    siteModels: SITE_CATALOG.models,
    judge,
    models: startedModels,
    modelFile,
    chooseModel,
    point: pointParts,
    report: (requests) => network.report(requests),
    redraw: draw,
    tell,
    save,
    read: (patch) => {
      addImages({ files: [patch], passedOver: 0 });
      list.focusOnceShown(); // what was pressed is not shown beside a patch
      requestAnimationFrame(() => byId("stage", HTMLElement).scrollIntoView({ block: "nearest" }));
    },
  },
  () => (load.step === "ready" ? load.model : null),
);
const pointView = new PointView(pointParts);

function tell(sentence: string): void {
  message.textContent = sentence;
}

function modelFile(entry: SiteModel): Promise<ArrayBuffer> {
  const known = modelFiles.get(entry.file);
  if (known !== undefined) return known;
  const file = loadModel(entry, import.meta.url);
  modelFiles.set(entry.file, file);
  file.catch(() => modelFiles.delete(entry.file)); // the next one fetches again
  return file;
}

// At most once a frame, however fast images are read.
function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawNow();
  });
}

function drawNow(): void {
  const { selected, entries } = session;
  const empty = entries.length === 0;
  start.update(load, empty);
  byId("workbench", HTMLElement).hidden = empty || load.step === "failed";
  byId("workbench", HTMLElement).dataset["several"] = String(entries.length > 1);
  byId("file-actions", HTMLElement).hidden = empty;
  const anyResult = entries.some(({ state }) => state === "done" || state === "failed");
  byId("save-csv", HTMLButtonElement).disabled = !anyResult;
  byId("save-json", HTMLButtonElement).disabled = !anyResult;
  list.update();
  // A file that could not be opened is told of as a patch that could not be.
  const isSlide = selected?.slide != null && (selected.slide.isOpen || selected.state !== "failed");
  const slide = isSlide ? selected : null;
  const patch = slide === null ? selected : null;
  byId("stage", HTMLElement).hidden = slide !== null;
  slides.show(slide);
  stage.update(patch);
  answer.update(load.step === "ready", patch);
  pointView.update(patch && judge.of(patch), patch?.keptPoint != null);
  gate.update(patch);
  explanation.update(patch);
  const read = selected?.state === "done";
  showProof(read ? selected : null);
  account?.update(selected);
  announcer.update(session, judge);
  document.title = empty ? "InSitu" : `${selected?.name ?? ""} · InSitu`;
}

function showProof(read: ImageEntry | null): void {
  const requests = read === null ? null : network.since(read.cameAt);
  const fetched = figures.explain(requests ?? []);
  const ofSlides = slides.explain(fetched.rest);
  const told = account?.explain(ofSlides.rest, read?.cameAt ?? 0);
  const note = `${told?.note ?? ""} ${fetched.note} ${ofSlides.note}`.trim();
  proof.update(read !== null, requests && (told?.rest ?? ofSlides.rest), note);
}

async function explain({ file, model, judgeAnyway }: ImageEntry): Promise<Explanation> {
  if (models === null || model === null) {
    throw new EngineError("engine_start", "The model is not loaded yet.");
  }
  return models.explain(file, { judgeAnyway }, model);
}

function chooseModel(chosen: SiteModel): void {
  models?.choose(chosen);
  session.readAnew(({ model }) => model?.kind === chosen.kind);
  slides.modelChosen(chosen.kind);
}

function takeIn(incoming: Incoming): void {
  intent.show();
  if (figures.takes(incoming)) return;
  if (load.step === "failed") return; // the page says why nothing can be read
  if (!slides.mayBelong(incoming.files)) addImages(incoming);
  else void slides.join(incoming.files).then((files) => addImages({ ...incoming, files }));
}

function addImages({ files, passedOver }: Incoming): void {
  const leftOut = session.add(files);
  const notes: string[] = [];
  for (const { name, others = [] } of files.slice(0, files.length - leftOut)) {
    if (others.length > 0)
      notes.push(`${plural(others.length + 1, "file")} are one slide: ${name}.`);
  }
  if (files.length === 0 && passedOver === 0) notes.push("There was no image in what was given.");
  if (passedOver > 0)
    notes.push(`${plural(passedOver, "file")} of the folder passed over: no image.`);
  if (leftOut > 0) {
    notes.push(`${plural(leftOut, "image")} left out: the page lists up to ${MAX_IMAGES}.`);
  }
  message.textContent = notes.join(" ");
}

function chooseFiles(): void {
  fileInput.click();
}

async function largePreview(entry: ImageEntry): Promise<Preview | null> {
  try {
    return (await readAgain(entry, LARGE_PREVIEW_SIDE)).reading.preview;
  } catch (error) {
    message.textContent = asEngineError(error).message;
    return null;
  }
}

function save(name: string, content: Blob): void {
  const link = element("a", "");
  const url = URL.createObjectURL(content);
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may ask where to save it first
}

function bindActions(): void {
  const on = (id: string, action: () => void) =>
    byId(id, HTMLButtonElement).addEventListener("click", action);
  on("add", chooseFiles);
  on("clear", () => session.clear());
  on("print", () => print());
  on("remove", () => session.selected !== null && session.remove(session.selected));
  on("save-csv", () => {
    const csv = resultsCsv(judge, session.entries);
    save("insitu-results.csv", new Blob([csv], { type: "text/csv" }));
  });
  on("save-json", () => {
    const json = resultsJson(judge, session.entries, new Date());
    save("insitu-results.json", new Blob([json], { type: "application/json" }));
  });
}

// By the model that read it, if the page still has it.
async function readAgain(entry: ImageEntry, previewSide = 0): Promise<Read> {
  const { file, model, judgeAnyway } = entry;
  if (models === null) throw new EngineError("engine_start", "The model is not loaded yet.");
  const { kind = FIRST_KIND, sha256 } = model ?? {};
  return models.classify(file, { previewSide, judgeAnyway }, { kind, same: sha256 });
}

function bindAccount(): void {
  const place = (id: string) => byId(id, HTMLElement);
  const parts = {
    session,
    judge,
    readAgain,
    now: () => network.now(),
    redraw: draw,
    tell,
    save,
    places: {
      button: place("account"),
      keep: place("keep"),
      promise: place("promise"),
      foot: place("foot"),
    },
  };
  void offerAccount(SITE_CATALOG.account, import.meta.url, parts, (part) => {
    account = part;
    draw();
  });
}

function bindTheme(): void {
  const button = byId("theme", HTMLButtonElement);
  const name = byId("theme-name", HTMLElement);
  let theme = storedTheme();
  const show = () => {
    name.textContent = theme;
    applyTheme(theme);
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
    storeTheme(theme);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

function startedModels(): Promise<Models> {
  intent.show();
  return started;
}

// Resolves to what reads images; rejects if nothing can.
async function loadAndStart(): Promise<Models> {
  try {
    const loaded = await loadEngine(SITE_CATALOG, import.meta.url, (received, total) => {
      load = { step: "loading", received, total };
      draw();
    });
    const { module, first } = loaded;
    modelFiles.set(first.file, Promise.resolve(loaded.model));
    load = { step: "fetched", model: first.id };
    draw();
    await intent.shown;
    const createWorker = await closedWorkerFactory(loaded.workerSource);
    const size = poolSize(navigator.hardwareConcurrency);
    const onRequests = network.report.bind(network);
    const open = async (entry: SiteModel): Promise<EnginePool> => {
      const file = await modelFile(entry);
      const { sha256 } = entry;
      return new EnginePool({ module, model: file, sha256, createWorker, size, onRequests });
    };
    const shelf = new Models({ entries: SITE_CATALOG.models, open });
    load = { step: "ready", model: await shelf.warm(first) };
    models = shelf;
    const classify = (file: Blob, options: ClassifyOptions) =>
      shelf.classify(file, options, { kind: FIRST_KIND });
    session.start({ classify }, slides);
    return shelf;
  } catch (error) {
    load = { step: "failed", error: asEngineError(error) };
    session.fail(load.error);
    throw load.error;
  } finally {
    draw();
  }
}

// Paper has nothing to unfold.
function bindPrint(): void {
  const more = byId("more", HTMLDetailsElement);
  let wasOpen = false;
  addEventListener("beforeprint", () => {
    wasOpen = more.open;
    more.open = true;
  });
  addEventListener("afterprint", () => (more.open = wasOpen));
}

bindActions();
bindTheme();
bindPrint();
bindAccount();
bindInput({ session, fileInput, takeIn, tell });
draw();
const started = loadAndStart();
started.catch(() => undefined); // the page says so
