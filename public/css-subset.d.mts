export function cssSubset(css: string, sources: readonly string[]): string;
