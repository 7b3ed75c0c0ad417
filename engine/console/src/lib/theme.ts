/** Light, dark, or the wall's; by itself it follows the system. */
import { signal } from "@preact/signals";
import { keep, kept } from "./kept.ts";

export const THEMES = ["auto", "light", "dark", "wall"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = signal<Theme>(kept("theme", THEMES, "auto"));

export function wear(next: Theme): void {
  theme.value = next;
  keep("theme", next);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset["theme"] = next === "auto" ? (dark ? "dark" : "light") : next;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => wear(theme.value));
