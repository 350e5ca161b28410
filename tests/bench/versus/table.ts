// The results as Markdown: build/bench/table.md. Ratios only; a time tells of one machine.
import {
  beyondEmpty,
  denseRatio,
  goals,
  number,
  ranged,
  sharesOfPeak,
  timesOf,
  type Verdict,
} from "./goals.ts";
import { LINE_TEXT, type Way } from "./first_prediction.ts";
import type { Results } from "./results.ts";
import type { EngineTimes, Group } from "./rounds.ts";
import { ENGINES, RIVALS, TITLES } from "./site.ts";
import { median, ratios, spread } from "./statistics.ts";

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const verdict = ({ met }: Verdict) => (met === null ? "–" : met ? "met" : "**not met**");

function goalTable(results: Results): string {
  const rows = goals(results).map((one) => [one.goal, one.measured, verdict(one)]);
  return table(["goal", "measured", ""], rows);
}

type Clock = "ms" | "cpuMs";

function cell(group: Group, of: EngineTimes | undefined, clock: Clock): string {
  const ours = timesOf(group, "insitu");
  if (of === undefined || ours === null) return "–";
  if (of.failure !== null) return `did not run: ${of.failure}`;
  const text = ranged(ratios(of[clock], ours[clock]));
  return isOneThread(group, of) ? `${text} (1 thread)` : text;
}

// It was asked for more than one, and says itself, or its threads say, that only one ran.
function isOneThread({ threads }: Group, times: EngineTimes): boolean {
  if (threads === 1 || times.engine === "insitu") return false;
  return times.threadsSaid === 1 || times.cpu?.threads === 1;
}

function ratioTable(groups: Group[], clock: Clock = "ms"): string {
  const labels = [...new Set(groups.flatMap(({ engines }) => engines.map(({ label }) => label)))];
  const others = labels.filter((label) => label !== TITLES.insitu);
  const rows = groups.map((group) => [
    group.title,
    `${group.batch}`,
    ...others.map((label) =>
      cell(
        group,
        group.engines.find((one) => one.label === label),
        clock,
      ),
    ),
    group.load.map((load) => load.toFixed(1)).join(" to "),
    Math.max(...group.engines.map(({ difference }) => difference ?? 0)).toExponential(1),
  ]);
  return table(["network", "batch", ...others, "load", "largest difference"], rows);
}

function peakTable(groups: Group[]): string {
  const labels = [...new Set(groups.flatMap(({ engines }) => engines.map(({ label }) => label)))];
  const rows = groups.map((group) => [
    group.title,
    `${group.batch}`,
    ...labels.map((label) => {
      const times = group.engines.find((one) => one.label === label);
      if (times === undefined || times.ms.length === 0) return "–";
      return `${(100 * sharesOfPeak(group, times).median).toFixed(0)} %`;
    }),
  ]);
  return table(["network", "batch", ...labels], rows);
}

function inTwoText(groups: Group[]): string {
  const shares = groups.flatMap(({ peak, peakInTwo }) =>
    peakInTwo.map((rate, round) => rate / (peak[round] ?? NaN)),
  );
  if (shares.length === 0) return "";
  return `Multiplying and then adding reaches ${ranged(spread(shares))} of it.`;
}

function threadTable(groups: Group[]): string {
  const rows = groups.flatMap((group) =>
    group.engines
      .filter(({ ms }) => ms.length > 0)
      .map(({ label, threadsSaid, cpu, cpuShare }) => [
        group.title,
        `${group.batch}`,
        label,
        threadsSaid === null ? "says nothing" : `${threadsSaid}`,
        cpu === null ? "–" : `${cpu.threads}`,
        cpuShare === null ? "–" : number(cpuShare),
      ]),
  );
  const head = ["network", "batch", "engine", "threads, it says", "threads that ran"];
  return table([...head, "processor time to time"], rows);
}

function instructionTable({ groups, notCounted }: Results): string {
  if (notCounted !== null) return `Not counted here: ${notCounted}.`;
  const rows = groups.flatMap((group) => {
    const ours = timesOf(group, "insitu")?.instructions ?? null;
    if (ours === null) return [];
    const times = (label: string) => group.engines.find((one) => one.label === label)?.instructions;
    const cells = RIVALS.map((engine) => {
      const theirs = times(TITLES[engine]);
      return theirs == null ? "–" : number(theirs / ours);
    });
    return [[group.title, `${group.batch}`, ...cells]];
  });
  return table(["network", "batch", ...RIVALS.map((engine) => TITLES[engine])], rows);
}

function startTable({ starts }: Results): string {
  const ours = starts.find(({ engine }) => engine === "insitu");
  if (ours === undefined) return "Not measured in this run.";
  const ways: Way[] = ["cold", "warm", "coldOverLine"];
  const rows = starts.map(({ engine, ms, bytes }) => [
    TITLES[engine],
    ...ways.map((way) => ranged(ratios(ms[way], ours.ms[way]))),
    `${bytes.withoutModel}`,
    `${bytes.withModel}`,
  ]);
  const head = [
    "engine",
    "cold, loopback",
    "warm, loopback",
    `cold, ${LINE_TEXT.speed} and ${LINE_TEXT.latency}`,
  ];
  return table([...head, "bytes without the model", "with it"], rows);
}

function memoryTable({ memory }: Results): string {
  if (memory.length === 0) return "Not measured in this run.";
  const ours = beyondEmpty(memory, "insitu");
  const whole = (engine: string) =>
    median(memory.find((one) => one.engine === engine)?.bytes ?? []);
  const rows = ENGINES.map((engine) => [
    TITLES[engine],
    number(beyondEmpty(memory, engine) / ours),
    number(whole(engine) / whole("insitu")),
  ]);
  return table(["engine", "beyond an empty page, to ours", "the whole process, to ours"], rows);
}

function denseText({ dense }: Results): string {
  if (dense === null) return "Not measured in this run.";
  const { fastest, ratio } = denseRatio(dense, dense.judged);
  const all = denseRatio(dense, dense.places).ratio;
  return (
    `One pass over the made section at a stride of ${dense.stride} pixels, gate and resampling with it, ` +
    `on one thread: of ${dense.places} places the gate lets ${dense.judged} through. ` +
    `${TITLES[fastest]}, the fastest here in batches of 64, would take ${ranged(ratio, 1)} times as ` +
    `long for those places, and ${ranged(all, 1)} times for all of them, having no gate. That is ` +
    `computed: its time for one patch, measured in the same rounds, times the number of places.`
  );
}

function profileText({ profiles }: Results): string {
  return profiles
    .map(({ title, batch, steps }) => {
      const rows = steps.map(({ name, share, ofPeak }) => [
        name,
        `${(100 * share).toFixed(1)} %`,
        ofPeak === null ? "–" : `${(100 * ofPeak).toFixed(0)} %`,
      ]);
      const head = ["step", "of the time", "of the peak"];
      return `### ${title}, batch ${batch}\n\n${table(head, rows)}`;
    })
    .join("\n\n");
}

export function tableOf(results: Results): string {
  const { machine, versions, rounds, sliceMs, groups } = results;
  const ones = groups.filter(({ threads }) => threads === 1);
  const twos = groups.filter(({ threads }) => threads === 2);
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    "# InSitu's engine beside others",
    `${machine.processor}, ${machine.cores} cores, Chromium ${machine.chromium}; load ` +
      `${machine.load.map((load) => load.toFixed(1)).join(" to ")}. ${named.join(", ")}. ` +
      `Each of ${rounds} rounds gives every engine ${sliceMs} ms in turn; a ratio is the median over ` +
      `the rounds and [least..most]. Outputs agreed before any was timed.`,
    "## Goals",
    goalTable(results),
    "## One thread: how many times as long as InSitu",
    ones.length === 0 ? "Not measured in this run." : ratioTable(ones),
    "## One thread: how many times as much time on a processor",
    ones.length === 0 ? "Not measured in this run." : ratioTable(ones, "cpuMs"),
    "## Two threads: how many times as long as InSitu on the page's thread and a worker",
    twos.length === 0
      ? "Not measured in this run."
      : `${ratioTable(twos)}\n\nOne image is not divided: a batch of 1 is read on the page's thread. ` +
        `"(1 thread)": asked for two, it ran one.\n\n${threadTable(twos)}`,
    "## Share of the peak that relaxed multiply-add reaches on one core",
    ones.length === 0
      ? "Not measured in this run."
      : `${peakTable(ones.filter(({ peak }) => peak.length > 0))}\n\n${inTwoText(ones)}`,
    "## Instructions of one run: how many times ours",
    instructionTable(results),
    "## Navigation to first prediction with seed: how many times as long, and bytes of brotli",
    startTable(results),
    "## Memory at rest with seed (Pss_Dirty of the page's process)",
    memoryTable(results),
    "## The map of a whole section",
    denseText(results),
    "## Where our time goes",
    profileText(results),
  ];
  return `${parts.join("\n\n")}\n`;
}
