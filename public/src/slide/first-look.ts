// What is known of a slide once its file is open: its facts, a thumbnail, what it seems to be, and its
// scale where the file says it. No DOM.
import { EngineError, type Preview } from "../messages.ts";
import type { OpenedFile } from "./opened-file.ts";
import type { Scale, SlideKind } from "./scale.ts";
import type { SlideFacts } from "./source.ts";

const THUMBNAIL_SIDE = 64; // px

export interface FirstLook {
  facts: SlideFacts;
  preview: Preview;
  kind: SlideKind; // proposed where the file says nothing
  scale: Scale | null;
}

export async function firstLook(opened: OpenedFile, name: string): Promise<FirstLook> {
  const facts = await opened.facts();
  const [finest] = facts.levels;
  if (finest === undefined)
    throw new EngineError("image_corrupt", `${name} has no image in it. Export it again.`);
  const { width, height } = finest;
  const fit = Math.min(1, THUMBNAIL_SIDE / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * fit));
  const whole = { x: 0, y: 0, width, height };
  const { isGrey, ...preview } = await opened.tile(whole, side(width), side(height));
  const { umPerPixel, scaleFrom, format } = facts;
  return {
    facts,
    preview,
    // What is grey is proposed as a film; the gate looks again.
    kind: facts.kind ?? (facts.channels === 1 || isGrey ? "mammogram" : "histology"),
    scale: umPerPixel === null ? null : { umPerPixel, from: scaleFrom ?? format },
  };
}
