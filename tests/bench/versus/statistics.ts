// What a row of the bench's table is made of.

export interface Spread {
  median: number;
  least: number;
  most: number;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("no values have no median");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

// "1.23 [1.20..1.31]"
export function spreadText(values: readonly number[]): string {
  const { median: middle, least, most } = spread(values);
  return `${middle.toFixed(2)} [${least.toFixed(2)}..${most.toFixed(2)}]`;
}

// How many times as long theirs takes, round by round: what else the machine does in a round meets
// both.
export function ratios(theirs: readonly number[], ours: readonly number[]): Spread {
  if (theirs.length !== ours.length) throw new Error("ratios are of the same rounds");
  return spread(theirs.map((their, round) => their / (ours[round] ?? NaN)));
}

export function maxDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  // Not Math.max of all: an output may have more values than a call takes arguments; NaN differs.
  return a.reduce((worst, value, i) => {
    const difference = Math.abs(value - (b[i] ?? NaN));
    return difference <= worst ? worst : Number.isNaN(difference) ? Infinity : difference;
  }, 0);
}
