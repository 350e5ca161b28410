// Light, dark, or as the system says.
export type Theme = "auto" | "light" | "dark";

const KEY = "insitu.theme";
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];

// A browser may forbid storage; the choice then lasts as long as the page.
export function storedTheme(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto";
  }
}

export function storeTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Nothing to do: see above.
  }
}

export function applyTheme(theme: Theme): void {
  const dark =
    theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset["bsTheme"] = dark ? "dark" : "light";
}
