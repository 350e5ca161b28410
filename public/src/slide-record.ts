// What the list, the exports and the session know of an image larger than a patch. What it is made of
// is the slide part's (slide/), which is fetched when the first such image comes in.
import type { Answer } from "./judgement.ts";
import type { EngineError, ModelFacts, NetworkRequest, Preview } from "./messages.ts";
import type { ImageEntry, ImageState } from "./session.ts";

export type SlideCell = string | number | boolean | null;

// The columns that a slide fills in its row of the exports; empty for a patch.
export const SLIDE_COLUMNS = [
  "um_per_pixel",
  "scale_from",
  "stride_px",
  "tissue_mm2",
  "positive_mm2",
  "positive_fraction",
  "positive_fraction_low",
  "positive_fraction_high",
  "uncertain_mm2", // of tissue_mm2, positive or not
  "uncertain_fraction",
  "largest_focus_mm2",
  "refused_mm2",
  "judged_anyway_mm2", // of tissue_mm2
  "kind_from",
  "rim_mm2",
  "film_score",
] as const;
export type SlideColumn = (typeof SLIDE_COLUMNS)[number];

export interface SlideRow {
  answer: Answer | null; // null: a share of an area is no answer about the whole
  verdict: string | null;
  anyJudgedAnyway: boolean | null; // of what the gate had refused
  cells: Record<SlideColumn, SlideCell>;
  width: number | null; // pixels of level 0
  height: number | null;
  model: ModelFacts | null;
  threshold: number | null; // that the summary was made at
  point: string | null; // its name
  uncertain: { low: number; high: number } | null; // where no answer is given at that threshold
}

export interface SlideRecord {
  readonly preview: Preview | null;
  readonly isOpen: boolean; // there is an image to show
  outcome(): string; // in the list
  figure(): string; // beside it
  row(): SlideRow;
  json(): object; // the whole summary
  cancel(): void; // gives the memory of a scan back; what is done stays
  resume(): void;
  close(): void;
}

export type TellState = (state: ImageState, error?: EngineError) => void;

// What the session gives such images to.
export interface SlideReader {
  takes(file: Blob): Promise<boolean>;
  // Rejects with an EngineError where the part cannot be fetched.
  open(entry: ImageEntry, tell: TellState): Promise<SlideRecord>;
}

// What the page knows of the part.
export interface SlidePart {
  // Which of some DICOM files are one slide: their numbers, the finest level first.
  series(files: readonly Blob[]): Promise<number[][]>;
  open(entry: ImageEntry, tell: TellState): SlideRecord;
  show(entry: ImageEntry | null): void; // null: a patch is shown, or nothing
  modelChosen(kind: string): void; // another one is to read such images
  explain(requests: NetworkRequest[]): { rest: NetworkRequest[]; note: string };
}
