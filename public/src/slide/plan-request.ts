// What a scan is planned by: the level of the file that is nearest above the model's scale, and its size.
import type { PlanRequest } from "./messages.ts";
import type { Scale } from "./scale.ts";
import type { SlideFacts } from "./source.ts";
import { levelFor } from "./tile.ts";

// scale: of the finest level. stride: pixels of the model's, 0 for tile beside tile.
export function planRequest(
  facts: SlideFacts,
  scale: Scale,
  modelUmPerPixel: number,
  { stride, gate }: Pick<PlanRequest, "stride" | "gate">,
): PlanRequest {
  const level = levelFor(facts, scale.umPerPixel / modelUmPerPixel);
  const { width, height } = facts.levels[level] ?? { width: 0, height: 0 };
  const umPerPixel = (scale.umPerPixel * (facts.levels[0]?.width ?? 0)) / width;
  const { channels } = facts;
  return { op: "plan", level, width, height, channels, umPerPixel, stride, gate };
}
