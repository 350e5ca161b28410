// What one run of the bench measured: build/bench/results.json, of which the table and every figure
// elsewhere is made.
import type { DenseMap } from "./dense_map.ts";
import type { Rest, Start } from "./first_prediction.ts";
import type { Profile } from "./profile.ts";
import type { Group } from "./rounds.ts";

export interface Results {
  command: string; // the words after the program
  machine: {
    processor: string;
    cores: number;
    chromium: string;
    load: [before: number, after: number];
  };
  versions: Record<string, string>; // of the rivals
  rounds: number;
  sliceMs: number;
  notCounted: string | null; // why there are no instructions, or null where there are
  groups: Group[];
  starts: Start[];
  memory: Rest[];
  dense: DenseMap | null;
  profiles: Profile[];
}
