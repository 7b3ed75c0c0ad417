/** Light, dark, or the wall's; by itself it follows the system. */
import { signal } from "@preact/signals";
import { keep, kept } from "./kept.ts";

export const THEMES = ["auto", "light", "dark", "wall"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = signal<Theme>(kept("theme", THEMES, "auto"));

/** A page's own, worn over what somebody chose and not kept. */
let lent: Theme | null = null;

function show(): void {
  const next = lent ?? theme.value;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset["theme"] = next === "auto" ? (dark ? "dark" : "light") : next;
}

export function wear(next: Theme): void {
  theme.value = next;
  keep("theme", next);
  show();
}

/** Wear a theme until what is answered is called. */
export function lend(next: Theme): () => void {
  lent = next;
  show();
  return () => {
    lent = null;
    show();
  };
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
