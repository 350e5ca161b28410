// What is kept beside the bytes of an image: its name, the answer as it was, by which model, a small
// picture of it, a note.
import { answerAt, ownPoint, positiveProbability, type Judgement } from "../judgement.ts";
import type { ModelFacts, OperatingPoint, Reading } from "../messages.ts";

const FORMAT = 1;

export const MAX_NOTE = 8_000; // characters
const MAX_NAME = 1_000;

export interface KeptRecord {
  name: string;
  type: string; // as the browser called the file
  bytes: number; // of the file, before it was padded
  sha256: string; // of the file
  keptAt: number; // ms since 1970
  model: ModelFacts;
  point: OperatingPoint; // in force when it was kept
  reading: Reading; // without its preview
  thumbnail: string | null; // JPEG, base64
  note: string;
}

export function judgementOf({ model, point, reading }: KeptRecord): Judgement {
  const probability = positiveProbability(model, reading);
  return { model, point, probability, answer: answerAt(model, point, probability) };
}

export function recordJson(record: KeptRecord): object {
  const { preview: _, ...reading } = record.reading;
  const name = record.name.slice(-MAX_NAME);
  return { format: FORMAT, ...record, name, reading };
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;
const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";
const isList = (value: unknown, of: (item: unknown) => boolean) =>
  Array.isArray(value) && value.every(of);

const MODEL_TEXTS = ["id", "version", "kind", "sha256", "positiveVerdict", "negativeVerdict"];
const MODEL_NUMBERS = ["positive", "threshold", "inputWidth", "inputHeight", "umPerPixel"];
const READING_NUMBERS = ["imageWidth", "imageHeight", "scale"];
const READING_TIMES = ["decodeMs", "preprocessMs", "networkMs"];
const REGION = ["left", "top", "width", "height"];

const all = (object: Json, names: string[], is: (value: unknown) => boolean) =>
  names.every((name) => is(object[name]));

function isModel(model: unknown): model is Json {
  return (
    isObject(model) &&
    all(model, [...MODEL_TEXTS, "trainingData"], isText) &&
    all(model, MODEL_NUMBERS, isNumber) &&
    isList(model["labels"], isText)
  );
}

function isReading(reading: unknown): reading is Json {
  return (
    isObject(reading) &&
    all(reading, [...READING_NUMBERS, ...READING_TIMES], isNumber) &&
    typeof reading["isPositive"] === "boolean" &&
    isList(reading["probabilities"], isNumber) &&
    isObject(reading["region"]) &&
    all(reading["region"], REGION, isNumber)
  );
}

// JSON has no NaN.
const measured = (value: unknown) => (isNumber(value) ? value : Number.NaN);

function parsePoint(value: unknown): OperatingPoint | null {
  if (!isObject(value) || !isText(value["name"]) || !isNumber(value["threshold"])) return null;
  const { name, threshold, sensitivity, specificity } = value;
  return {
    name,
    threshold,
    sensitivity: measured(sensitivity),
    specificity: measured(specificity),
  };
}

// What older records lack is what models had not then.
function parseModel(model: Json): ModelFacts {
  const points = Array.isArray(model["operatingPoints"]) ? model["operatingPoints"] : [];
  const band = model["uncertain"];
  const hasBand = isObject(band) && all(band, ["low", "high", "coverage"], isNumber);
  return {
    ...(model as unknown as ModelFacts),
    sensitivity: measured(model["sensitivity"]),
    specificity: measured(model["specificity"]),
    operatingPoints: points.map(parsePoint).filter((point) => point !== null),
    warning: isText(model["warning"]) ? model["warning"] : "",
    uncertain: hasBand ? (band as unknown as ModelFacts["uncertain"]) : null,
  };
}

function parseInterval(value: unknown): Reading["interval"] {
  return isList(value, isNumber) && (value as unknown[]).length === 2
    ? (value as [number, number])
    : null;
}

// null: not a record, or one of a later version of InSitu.
export function parseRecord(value: unknown): KeptRecord | null {
  if (!isObject(value) || value["format"] !== FORMAT) return null;
  const { model, reading, thumbnail } = value;
  if (!all(value, ["name", "type", "sha256", "note"], isText)) return null;
  if (!all(value, ["bytes", "keptAt"], isNumber)) return null;
  if (!isModel(model) || !isReading(reading)) return null;
  const readBy = parseModel(model);
  return {
    name: value["name"] as string,
    type: value["type"] as string,
    bytes: value["bytes"] as number,
    sha256: value["sha256"] as string,
    keptAt: value["keptAt"] as number,
    model: readBy,
    point: parsePoint(value["point"]) ?? ownPoint(readBy),
    reading: {
      ...{ gate: null, gateMs: 0 }, // of records kept before there was a gate
      ...(reading as unknown as Reading),
      interval: parseInterval(reading["interval"]),
      sha256: value["sha256"] as string,
      preview: null,
    },
    thumbnail: isText(thumbnail) ? thumbnail : null,
    note: value["note"] as string,
  };
}
