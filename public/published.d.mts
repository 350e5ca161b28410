export interface PublishedFigure {
  who: string;
  model?: string;
  bac?: number;
  f1?: number;
  f1_note?: string;
}

export function publishedFigures(
  path: string,
): { figures: PublishedFigure[]; notes: string[] } | null;
