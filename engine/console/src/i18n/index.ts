/** What the console says, in Chinese and in English; both catalogues hold the same keys (a test). */
import { signal } from "@preact/signals";
import type { Pair } from "../api/model.ts";
import { kept, keep } from "../lib/kept.ts";
import type { Units } from "../lib/time.ts";
import en from "./en.json";
import zh from "./zh.json";

export type Lang = "zh" | "en";
const CATALOGUES: Record<Lang, Record<string, string>> = { zh, en };

export const lang = signal<Lang>(kept("lang", ["zh", "en"] as const, "zh"));

export function speak(next: Lang): void {
  lang.value = next;
  keep("lang", next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

/** Say a key, its `{names}` filled in. */
export function t(key: string, filled: Record<string, string | number> = {}): string {
  const text = CATALOGUES[lang.value][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(filled[name] ?? whole));
}

/** Say a word of one of the law's lists; one that no catalogue has stands as it is. */
export function word(list: string, code: string | null | undefined): string {
  if (code === null || code === undefined || code === "") return t("none");
  return CATALOGUES[lang.value][`${list}.${code}`] ?? code;
}

export function has(key: string): boolean {
  return CATALOGUES[lang.value][key] !== undefined;
}

/** A label that comes in both languages. */
export function both(pair: Pair | null | undefined): string {
  if (pair === null || pair === undefined) return "";
  return (lang.value === "zh" ? pair[1] : pair[0]) || pair[0] || pair[1];
}

export function named(one: { label: string; label_zh: string }): string {
  return both([one.label, one.label_zh]);
}

export function units(): Units {
  return { day: t("unit.day"), hour: t("unit.hour"), minute: t("unit.minute"), second: t("unit.second") };
}
