/**
 * ThemeButton: light, dark, or as the system has it, one after the other.
 */
import { Monitor, Moon, Sun } from "lucide-preact";
import { useState } from "preact/hooks";
import { nextTheme, rememberedTheme, showTheme, type Theme } from "./theme.ts";

const themes = {
  system: { icon: Monitor, label: "Colours follow the system" },
  light: { icon: Sun, label: "Light colours" },
  dark: { icon: Moon, label: "Dark colours" },
} as const satisfies Record<Theme, unknown>;

export function ThemeButton() {
  const [theme, setTheme] = useState(rememberedTheme);
  const { icon: Icon, label } = themes[theme];
  const turn = () => {
    const next = nextTheme(theme);
    setTheme(next);
    showTheme(next);
  };
  return (
    <button type="button" class="tool" aria-label={`${label}. Change`} title={label} data-theme-choice={theme} onClick={turn}>
      <Icon size={18} aria-hidden="true" />
    </button>
  );
}
