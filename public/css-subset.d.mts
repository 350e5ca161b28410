export function cssSubset(
  css: string,
  sources: readonly string[],
  known?: readonly string[],
): string;
