/**
 * Theme: light, dark, or as the system has it. The choice is an attribute of the root element; the colours are in
 * `styles/tokens.css`.
 */
export type Theme = "system" | "light" | "dark";

const key = "inkmesh.theme";
const order: readonly Theme[] = ["system", "light", "dark"];

/** The theme chosen on this device. */
export function rememberedTheme(): Theme {
  try {
    const kept = localStorage.getItem(key);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

/** Shows a theme and keeps the choice. */
export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(key, theme);
  } catch {
    // Storage is forbidden or full: the choice lasts as long as the page.
  }
}

/** What comes after a theme when its button is pressed. */
export function nextTheme(theme: Theme): Theme {
  return order[(order.indexOf(theme) + 1) % order.length] ?? "system";
}
