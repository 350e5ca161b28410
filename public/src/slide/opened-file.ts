// The worker that has a slide's file open, and sums up its map: started when something is asked of it,
// let go when nobody looks, and then its memory is free.
import { EngineError, type NetworkRequest } from "../messages.ts";
import type { DicomIdentity } from "./formats/dicom-identity.ts";
import type { ModelRequest, Picture, PlanRequest, Tile } from "./messages.ts";
import type { Point, ProbabilityMap } from "./probability-map.ts";
import type { ScanPlan } from "./scan-engine.ts";
import type { ScanSummary } from "./scanner.ts";
import type { Pixels, Rectangle, SlideFacts, SlideFiles } from "./source.ts";
import { Turns } from "./turns.ts";
import { WorkerClient, type SlideWorkerLike } from "./worker-client.ts";

export interface OpenedFileOptions {
  files: SlideFiles;
  name: string;
  codecs: WebAssembly.Module;
  createWorker: () => SlideWorkerLike;
  onRequests: (requests: NetworkRequest[]) => void;
}

// What is summed up: a map by its plan and model, in its regions.
export interface Summed {
  map: ProbabilityMap;
  request: PlanRequest; // that the map was planned by
  model: ModelRequest;
  regions: Point[][];
  threshold: number;
}

// A map goes to the worker in parts of so many cells, each copied in a task of its own: the page's
// thread is not blocked by the millions that a fine map has.
export const PART_CELLS = 65_536;

interface Running {
  client: WorkerClient;
  facts: Promise<SlideFacts>;
  model: string; // SHA-256 of the engine's; "": there is no engine yet
  planned: string; // by which model and plan; "" by none
  told: string; // which map, in which state
  map: ProbabilityMap | null;
}

export class OpenedFile {
  readonly #options: OpenedFileOptions;
  readonly #turns = new Turns(); // of what needs the worker's plan: one map's after another's
  #running: Running | null = null;
  #closed = false;

  constructor(options: OpenedFileOptions) {
    this.#options = options;
  }

  // Rejects with an EngineError, as do all.
  async facts(): Promise<SlideFacts> {
    return this.#start().facts;
  }

  async tile(
    rectangle: Rectangle,
    width: number,
    height: number,
    signal?: AbortSignal,
  ): Promise<Tile> {
    const client = await this.#client();
    return client.ask({ op: "tile", rectangle, width, height }, [], signal);
  }

  async read(level: number, rectangle: Rectangle, signal?: AbortSignal): Promise<Pixels> {
    return (await this.#client()).ask({ op: "read", level, rectangle }, [], signal);
  }

  async identity(): Promise<DicomIdentity | null> {
    return (await this.#client()).ask({ op: "identity" });
  }

  // What the page has drawn; its pixels go to the worker.
  async png(picture: Picture): Promise<Blob> {
    const pixels = picture.strips.map(({ rgba }) => rgba.buffer);
    return (await this.#client()).ask({ op: "png", picture }, pixels);
  }

  // Starts the engine of the scan, so that a plan is made at once.
  prepare(model: ModelRequest): Promise<void> {
    return this.#inTurn((running) => prepare(running, model));
  }

  plan(request: PlanRequest, model: ModelRequest): Promise<ScanPlan> {
    return this.#inTurn((running) => plan(running, request, model));
  }

  summary({ map, request, model, regions, threshold }: Summed): Promise<ScanSummary> {
    return this.#inTurn(async (running) => {
      if (running.planned !== planKey(request, model)) await plan(running, request, model);
      const state = `${map.done.size} ${map.failed.size}`;
      if (running.map !== map || running.told !== state) {
        await tellCells(running, map);
        Object.assign(running, { map, told: state });
      }
      return running.client.ask({ op: "summary", threshold, regions });
    });
  }

  async #inTurn<T>(act: (running: Running) => Promise<T>): Promise<T> {
    const turn = await this.#turns.take();
    try {
      return await act(this.#start());
    } finally {
      turn.end();
    }
  }

  letGo(): void {
    this.#running?.client.end();
    this.#running = null;
  }

  close(): void {
    this.#closed = true;
    this.letGo();
  }

  async #client(): Promise<WorkerClient> {
    const { client, facts } = this.#start();
    await facts;
    return client;
  }

  #start(): Running {
    if (this.#closed) throw new EngineError("cancelled", "Not read: the image was removed.");
    if (this.#running?.client.ended === null) return this.#running;
    const { files, name, codecs, createWorker, onRequests } = this.#options;
    const client = new WorkerClient(createWorker, onRequests);
    const facts = client
      .ask({ op: "start", codecs })
      .then(() => client.ask({ op: "open", files, name }));
    facts.catch(() => undefined); // reaches who waits for it
    this.#running = { client, facts, model: "", planned: "", told: "", map: null };
    return this.#running;
  }
}

async function prepare(running: Running, model: ModelRequest): Promise<void> {
  await running.facts;
  if (running.model === model.sha256) return;
  running.model = running.planned = ""; // the worker lets the one before go
  await running.client.ask(model);
  running.model = model.sha256;
}

async function plan(
  running: Running,
  request: PlanRequest,
  model: ModelRequest,
): Promise<ScanPlan> {
  running.told = running.planned = "";
  await prepare(running, model);
  const made = await running.client.ask(request);
  running.planned = planKey(request, model);
  return made;
}

async function tellCells({ client }: Running, { values, verdicts }: ProbabilityMap): Promise<void> {
  for (let from = 0; from < values.length; from += PART_CELLS) {
    const part = {
      values: values.slice(from, from + PART_CELLS),
      verdicts: verdicts.slice(from, from + PART_CELLS),
    };
    const copies = [part.values.buffer, part.verdicts.buffer];
    await client.ask({ op: "cells", from, ...part }, copies);
  }
}

const planKey = (request: PlanRequest, { sha256 }: ModelRequest) =>
  `${sha256} ${JSON.stringify(request)}`;
