// The files that a map is saved as.
import { NOTICE } from "../../wording.ts";
import type { Picture } from "../messages.ts";
import type { Projection } from "../views/map-layer.ts";
import type { Slide } from "../slide.ts";
import { anywayTotal, refusedTotal } from "../summary.ts";
import * as wording from "../wording.ts";
import { about, pointText, savedName, type MapExport } from "./about.ts";
import { secondaryCapture } from "./dicom-sc.ts";
import { dicomReport, type ReportSummary } from "./dicom-sr.ts";
import { geoJson } from "./geojson.ts";
import { longText } from "./long-text.ts";
import { mapPicture, pictureSize } from "./map-png.ts";
import { withText } from "./png-text.ts";
import { tilesCsv } from "./tiles-csv.ts";

export type MapFile = "map.png" | "geojson" | "tiles.csv" | "sr.dcm" | "sc.dcm";

export const MAP_FILES: readonly { kind: MapFile; name: string; onlyDicom?: true }[] = [
  { kind: "map.png", name: "Map as PNG" },
  { kind: "geojson", name: "GeoJSON for QuPath" },
  { kind: "tiles.csv", name: "Tiles as CSV" },
  { kind: "sr.dcm", name: "DICOM report (SR)", onlyDicom: true },
  { kind: "sc.dcm", name: "Map as DICOM (SC)", onlyDicom: true },
];

const breathe = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

// What is exported of a slide; null: there is no map yet. Its file's name may say whose image it is.
function exportOf(slide: Slide, withName: boolean): MapExport | null {
  const { facts, map, verdicts, regions, model, scale, saysFilm } = slide;
  const [size] = facts?.levels ?? [];
  const point = slide.point();
  if (map === null || verdicts === null || model === null || scale === null) return null;
  if (size === undefined || point === null) return null;
  const name = withName ? slide.name : null;
  const warnings = wording.warnings(slide, withName);
  const written = new Date();
  return {
    name,
    size,
    map,
    verdicts,
    regions,
    model: model.facts,
    scale,
    point,
    saysFilm,
    warnings,
    written,
  };
}

export type Draw = (context: CanvasRenderingContext2D, to: Projection) => void;

async function picture(slide: Slide, made: MapExport, draw: Draw): Promise<Picture> {
  const { width, height } = pictureSize(made);
  const image = await slide.tile({ x: 0, y: 0, ...made.size }, width, height);
  await breathe();
  return mapPicture(made, image, draw, breathe);
}

const modelOf = ({ model }: MapExport) => ({
  name: model.id,
  version: model.version,
  sha256: model.sha256,
});

// What a DICOM object says in words, the point in force first.
const notesOf = (made: MapExport) => [`Operating point: ${pointText(made)}.`, ...made.warnings];

async function identityOf(slide: Slide) {
  const identity = await slide.identity();
  if (identity === null) throw new Error("the image is no DICOM file");
  return identity;
}

function reportSummary(slide: Slide, made: MapExport): ReportSummary {
  const { summary } = slide;
  if (summary === null) throw new Error("there is no summary yet");
  if (summary.threshold !== made.point.threshold)
    throw new Error("the summary is not of this operating point yet. Save it in a moment");
  const { positiveFraction: value, fractionInterval, uncertain } = summary;
  const [low, high] = fractionInterval ?? [value, value];
  return {
    umPerPixel: made.model.umPerPixel,
    threshold: summary.threshold,
    imageArea: summary.imageMm2,
    judgedArea: summary.judgedMm2,
    anywayArea: anywayTotal(summary),
    noTissueArea: summary.noTissueMm2,
    refusedArea: refusedTotal(summary),
    positiveArea: summary.positiveMm2,
    positiveFraction: { value, low, high },
    uncertain: uncertain && {
      area: uncertain.areaMm2,
      fraction: uncertain.fraction,
      low: uncertain.low,
      high: uncertain.high,
    },
    largestFocusArea: summary.largestFocus?.areaMm2 ?? null,
    score: summary.film?.score ?? null,
  };
}

async function report(slide: Slide, made: MapExport): Promise<Uint8Array<ArrayBuffer>> {
  const summary = reportSummary(slide, made); // as it is now
  return dicomReport({
    identity: await identityOf(slide),
    model: modelOf(made),
    summary,
    notice: NOTICE,
    notes: notesOf(made),
    when: made.written,
  });
}

// (height, width, 3) u8, sRGB.
async function samplesOf({ width, height, strips }: Picture): Promise<Uint8Array<ArrayBuffer>> {
  const rgb = new Uint8Array(width * height * 3);
  for (const { top, rows, rgba } of strips) {
    const first = top * width * 3;
    for (let at = 0; at < width * rows; at++)
      for (let c = 0; c < 3; c++) rgb[first + at * 3 + c] = rgba[at * 4 + c] ?? 0;
    await breathe();
  }
  return rgb;
}

async function capture(slide: Slide, made: MapExport, draw: Draw) {
  const drawn = await picture(slide, made, draw);
  const { width, height } = drawn;
  const rgb = await samplesOf(drawn);
  const umPerPixel = (made.scale.umPerPixel * made.size.width) / pictureSize(made).width;
  const identity = await identityOf(slide);
  const said = {
    identity,
    model: modelOf(made),
    notice: NOTICE,
    notes: notesOf(made),
    when: made.written,
  };
  return secondaryCapture({ ...said, width, height, umPerPixel }, rgb);
}

// draw: the map and what is drawn on it. withName: the file's name is in what is saved, and of it.
export async function mapFile(
  slide: Slide,
  kind: MapFile,
  withName: boolean,
  draw: Draw,
): Promise<{ name: string; content: Blob }> {
  const made = exportOf(slide, withName);
  if (made === null) throw new Error("there is no map yet");
  const name = savedName(made.name, kind);
  const dicom = (bytes: Uint8Array<ArrayBuffer>) =>
    new Blob([bytes], { type: "application/dicom" });
  const content = (): Promise<Blob> => {
    switch (kind) {
      case "geojson":
        return longText(geoJson(made), "application/geo+json", breathe);
      case "tiles.csv":
        return longText(tilesCsv(made), "text/csv", breathe);
      case "sr.dcm":
        return report(slide, made).then(dicom);
      case "sc.dcm":
        return capture(slide, made, draw).then(dicom);
      case "map.png":
        return picture(slide, made, draw)
          .then((drawn) => slide.png(drawn))
          .then((png) => withText(png, "Comment", JSON.stringify(about(made))));
    }
  };
  return { name, content: await content() };
}
