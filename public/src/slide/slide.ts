// One image larger than a patch, from its file to its summary: opening, the question of its scale, the
// scan, and what it found. No DOM; who shows it is told of every change.
import { EngineError, type OperatingPoint, type Preview } from "../messages.ts";
import type { SlideRecord, SlideRow, TellState } from "../slide-record.ts";
import type { CellVerdicts } from "./cell-verdicts.ts";
import { finerStride } from "./finer-stride.ts";
import { firstLook } from "./first-look.ts";
import type { DicomIdentity } from "./formats/dicom-identity.ts";
import type { ModelRequest, Picture, PlanRequest, Tile } from "./messages.ts";
import { ProbabilityMap, type Point } from "./probability-map.ts";
import { OpenedFile } from "./opened-file.ts";
import { RegionSummary, type SummaryWork } from "./region-summary.ts";
import { ScanRun } from "./scan-run.ts";
import { judgeScale, type Scale, type SlideKind } from "./scale.ts";
import type { Rectangle, SlideFacts, SlideFiles } from "./source.ts";
import type { Summary } from "./summary.ts";
import { planRequest } from "./plan-request.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { SlideState } from "./slide-state.ts";
import type { Phase, Progress, SlideModel, SlideTools, Times } from "./slide-tools.ts";
import * as wording from "./wording.ts";

export class Slide implements SlideRecord {
  readonly name: string;
  readonly #tools: SlideTools;
  readonly #state: SlideState;
  facts: SlideFacts | null = null;
  kind: SlideKind = "histology";
  scale: Scale | null = null;
  model: SlideModel | null = null;
  preview: Preview | null = null;
  map: ProbabilityMap | null = null; // that is shown
  under: ProbabilityMap | null = null; // the coarser one, until the finer is done
  summary: Summary | null = null; // of the last whole map
  summedMap: ProbabilityMap | null = null; // that one
  summaryShare = 1; // how much of the map was there
  judgesAnyway = false; // what the gate refuses at this kind and scale, since a person asked
  progress: Progress = { share: 0, leftMs: null };
  times: Times = { firstBlockMs: null, scanMs: null };
  scanMemoryBytes = 0; // the most that the scan's workers held
  readonly problems = new Map<string, number>(); // why blocks could not be read, and how many

  readonly #opened: OpenedFile;
  #planned: { request: PlanRequest; model: ModelRequest } | null = null; // what made the map
  #arriving: Promise<SlideModel> | null = null; // the model that was asked for last
  readonly #run: ScanRun;
  #stop: AbortController | null = null; // of the scan that is under way
  #wish = 0; // the number of what was asked for last: what waits from before it is dropped
  #isLookedAt = false; // its file was opened, and its scale known or asked
  #shown = false;
  readonly #summing: RegionSummary;

  constructor(files: SlideFiles, name: string, tools: SlideTools, tell: TellState) {
    this.name = name;
    this.#tools = tools;
    this.#state = new SlideState(tell);
    const { codecs, createWorker, onRequests } = tools;
    this.#opened = new OpenedFile({ files, name, codecs, createWorker, onRequests });
    this.#summing = new RegionSummary(this.#opened);
    this.#run = new ScanRun(files, name, this.#opened, tools);
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  get error(): EngineError | null {
    return this.#state.error;
  }

  readonly watch: SlideState["watch"] = (watcher) => this.#state.watch(watcher);

  // Opens the file and, where its scale is known, scans it. Waits its turn.
  begin(): Promise<void> {
    return this.#inTurn(async (isWanted) => {
      this.#state.enter("opening");
      await this.#open();
      if (!isWanted()) return;
      const known = this.scale;
      const model = known === null ? null : await this.#loadModel();
      if (!isWanted()) return;
      this.#isLookedAt = true;
      const verdict =
        known === null ? null : judgeScale(known.umPerPixel, model?.facts.umPerPixel ?? 1);
      if (verdict === null || verdict === "refused") this.#askScale();
      else await this.#scan(0);
    });
  }

  // The person says what it is and how large a pixel is. What was found at another scale is gone.
  async confirm(kind: SlideKind, scale: Scale): Promise<void> {
    this.kind = kind;
    this.scale = scale;
    this.judgesAnyway = false;
    await this.#inTurn(() => this.#scan(0));
  }

  // Another question of the scale, as when the file's own is wrong.
  ask(): void {
    this.cancel();
    this.#askScale();
  }

  // The question is taken back: what was found stays.
  keep(): void {
    if (this.phase !== "asking" || this.map === null) return;
    this.#enterStopped(this.map);
    this.judgeAgain();
    this.#release();
  }

  // Meanwhile what the scan needs is made ready, where somebody looks; of a slide that has a map it is
  // there already.
  #askScale(): void {
    this.#state.enter("asking");
    if (this.#shown && this.map === null) void this.#prepare().catch(() => undefined); // the scan says what is wrong
  }

  async #prepare(): Promise<void> {
    const request = this.#modelRequest(await this.#loadModel());
    if (this.phase !== "asking" || !this.#shown || this.#state.isClosed) return;
    await Promise.all([
      this.#opened.prepare(request),
      this.#run.prepare(request, this.facts?.sequential ?? true),
    ]);
  }

  // The map at a finer stride; what is there stays in sight until it is done.
  async finer(): Promise<void> {
    const stride = this.finerStride;
    if (stride !== null) await this.#inTurn(() => this.#scan(stride));
  }

  // Another model of the kind is to read it.
  async readAnew(): Promise<void> {
    if (this.scale === null || this.phase === "asking" || this.phase === "opening") return;
    await this.#inTurn(() => this.#scan(0));
  }

  // What the gate refused is judged too, or is left out again.
  async judgeAnyway(anyway: boolean): Promise<void> {
    this.judgesAnyway = anyway;
    await this.readAnew();
  }

  // The file itself says that it is the film that it is read as.
  get saysFilm(): boolean {
    return this.kind === "mammogram" && this.facts?.kind === "mammogram";
  }

  // null: there is no finer map to make.
  get finerStride(): number | null {
    // A film's marks have a stride of their own.
    return this.map === null || this.kind === "mammogram" ? null : finerStride(this.map);
  }

  // At any point: while it waits, its file is opened, its model arrives, it is planned or made.
  cancel(): void {
    const isRunning = this.#stop !== null; // and says itself when it has stopped
    this.#drop();
    if (isRunning) return;
    if (this.phase === "waiting" || this.phase === "opening") this.#enterStopped(this.map);
  }

  resume(): void {
    if (!["paused", "waiting", "failed"].includes(this.phase)) return;
    if (this.phase !== "paused" || !this.#isLookedAt) void this.begin();
    else if (this.map === null) void this.#inTurn(() => this.#scan(0));
    else void this.#inTurn(() => this.#runBlocks(this.#stoppable()));
  }

  close(): void {
    this.#state.close();
    this.cancel();
    this.#run.letGo();
    this.#opened.close();
    this.map = this.under = this.summedMap = null;
  }

  // While it is shown its file stays open.
  set shown(shown: boolean) {
    this.#shown = shown;
    if (!shown) this.#release();
    else if (this.phase === "asking") this.#askScale();
    else if (this.summary !== null) this.judgeAgain();
  }

  tile(rectangle: Rectangle, width: number, height: number, signal?: AbortSignal): Promise<Tile> {
    return this.#opened.tile(rectangle, width, height, signal);
  }

  // Rejects where the file cannot be referred to.
  png(picture: Picture): Promise<Blob> {
    return this.#opened.png(picture);
  }

  identity(): Promise<DicomIdentity | null> {
    return this.#opened.identity();
  }

  get isOpen(): boolean {
    return this.facts !== null;
  }

  get isDicom(): boolean {
    return this.facts?.format.startsWith("DICOM") ?? false;
  }

  // Of the map, with what lies outside of the regions.
  get verdicts(): CellVerdicts | null {
    return this.map === null ? null : this.#summing.verdicts(this.map);
  }

  get regions(): Point[][] {
    return this.#summing.regions;
  }

  setRegions(regions: Point[][]): void {
    this.#summing.regions = regions;
    this.#state.changed({ kind: "map" });
    this.judgeAgain();
  }

  // The summary at the operating point in force; the last one that was asked for is the one that stays.
  judgeAgain(): void {
    if (this.summary === null && this.phase !== "done" && this.phase !== "paused") return;
    this.#summing.again(() => this.#sumUp());
  }

  readonly outcome = (): string => wording.outcome(this);
  readonly figure = (): string => wording.figure(this);
  readonly row = (): SlideRow => wording.slideRow(this);
  readonly json = (): object => wording.slideJson(this);

  point(): OperatingPoint | null {
    return this.model === null ? null : this.#tools.point(this.model.facts);
  }

  // --- Opening ---------------------------------------------------------------------------------

  async #open(): Promise<void> {
    const { facts, preview, kind, scale } = await firstLook(this.#opened, this.name);
    this.facts = facts;
    this.preview = preview;
    this.kind = kind;
    this.scale = scale ?? this.scale;
  }

  #release(): void {
    if (this.#shown || this.phase === "scanning" || this.phase === "opening") return;
    this.#opened.letGo();
    this.#run.letGo();
  }

  async #loadModel(): Promise<SlideModel> {
    const arriving = (this.#arriving = this.#tools.model(this.kind));
    const model = await arriving;
    if (arriving === this.#arriving) this.model = model; // not another that was asked for meanwhile
    return model;
  }

  // --- Scanning --------------------------------------------------------------------------------

  // What waits or runs is wanted no more.
  #drop(): void {
    this.#wish += 1;
    if (this.#stop === null) return;
    this.#stop.abort();
    this.#run.letGo();
  }

  // Takes the place of what was asked for before.
  async #inTurn(act: (isWanted: () => boolean) => Promise<void>): Promise<void> {
    this.#drop();
    const wish = this.#wish;
    const isWanted = () => !this.#state.isClosed && wish === this.#wish;
    this.#state.enter("waiting");
    const turn = await this.#tools.turns.take();
    try {
      if (isWanted()) await act(isWanted);
      if (this.phase === "scanning") this.#enterStopped(this.map); // before there was a map to make
    } catch (error) {
      this.#state.fail(error);
    } finally {
      this.#stop = null;
      turn.end();
      this.#release();
    }
  }

  async #scan(stride: number): Promise<void> {
    const { facts, scale } = this;
    const [finest] = facts?.levels ?? [];
    if (facts === null || scale === null || finest === undefined) return;
    const isFiner = stride !== 0;
    if (!isFiner) this.under = this.map = this.summary = this.summedMap = null;
    this.progress = { share: 0, leftMs: null };
    const signal = this.#stoppable();
    const known = isFiner ? this.model : null;
    const model = await unlessAborted(known ?? this.#loadModel(), signal);
    if (model === null) return;
    const made = this.#modelRequest(model);
    this.#run.readBy(made);
    const gate = { saysFilm: this.saysFilm, judgeAnyway: this.judgesAnyway };
    const request = planRequest(facts, scale, model.facts.umPerPixel, { stride, gate });
    const plan = await unlessAborted(this.#opened.plan(request, made), signal);
    if (plan === null) return;
    this.under = isFiner ? (this.under ?? this.map) : null;
    this.map = new ProbabilityMap(plan, finest);
    this.#planned = { request, model: made };
    this.times = { firstBlockMs: null, scanMs: null };
    this.#state.changed({ kind: "map" });
    await this.#runBlocks(signal);
  }

  #stoppable(): AbortSignal {
    const stop = (this.#stop = new AbortController());
    this.#state.enter("scanning");
    return stop.signal;
  }

  #enterStopped(map: ProbabilityMap | null): void {
    const isWhole = map?.left.every((block) => map.failed.has(block)) ?? false;
    this.#state.enter(isWhole ? "done" : "paused");
  }

  #modelRequest({ facts, file }: SlideModel): ModelRequest {
    return { op: "model", scan: this.#tools.scan, model: file, sha256: facts.sha256 };
  }

  async #runBlocks(signal: AbortSignal): Promise<void> {
    const { map, facts } = this;
    if (map === null || facts === null || this.#planned === null) return;
    const shareBefore = map.progress;
    this.problems.clear();
    const { wasStopped, took } = await this.#run.run({
      map,
      ...this.#planned,
      sequential: facts.sequential,
      signal,
      onBlock: (block, ms) => {
        this.times.firstBlockMs ??= ms;
        this.#advanced(map, block, ms / (map.progress - shareBefore));
      },
      onFailed: (block, { message }) => {
        this.problems.set(message, (this.problems.get(message) ?? 0) + 1);
        this.#advanced(map, block, null);
      },
    });
    await this.#ended(map, wasStopped, took);
  }

  async #ended(map: ProbabilityMap, wasStopped: boolean, took: number): Promise<void> {
    if (this.#state.isClosed || map !== this.map) return;
    if (!wasStopped) {
      if (map.done.size === 0 && map.failed.size > 0) {
        throw new EngineError("image_corrupt", [...map.failed.values()][0] ?? "");
      }
      this.times.scanMs = took;
      this.under = null;
    }
    await this.#sumUp();
    // It may have been stopped for the question of its scale, or for another scan.
    if (this.phase === "scanning") this.#state.enter(wasStopped ? "paused" : "done");
    this.#state.changed({ kind: "map" });
  }

  #advanced(map: ProbabilityMap, block: number, msOfAll: number | null): void {
    if (map !== this.map) return;
    const { progress } = map;
    const leftMs = msOfAll === null ? this.progress.leftMs : msOfAll * (1 - progress);
    this.progress = { share: progress, leftMs };
    this.scanMemoryBytes = Math.max(this.scanMemoryBytes, this.#run.memoryBytes);
    this.#state.changed({ kind: "block", block });
  }

  // --- Summary ---------------------------------------------------------------------------------

  async #sumUp(): Promise<void> {
    try {
      const isLast = await this.#summing.latest(
        () => this.#toSumUp(),
        ({ summary, map, share }) => {
          if (this.#state.isClosed) return false;
          this.summary = summary;
          this.summedMap = map;
          this.summaryShare = share;
          this.#state.changed({ kind: "state" });
          return true;
        },
      );
      if (isLast) this.#release();
    } catch (error) {
      if (this.phase !== "done" && this.phase !== "paused") throw error;
      this.#state.fail(error);
    }
  }

  #toSumUp(): SummaryWork | null {
    const { map, under } = this;
    const [planned, point] = [this.#planned, this.point()];
    if (map === null || planned === null || point === null) return null;
    return { map, under, ...planned, threshold: point.threshold };
  }
}
