/** Which rows are chosen, and which one the keyboard stands on: both by id, so that nothing that moves loses them. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { store } from "../live/store.ts";

export const chosen = signal<ReadonlySet<string>>(new Set());
export const current = signal<string | null>(null);

const each = new Map<string, ReadonlySignal<boolean>>();

/** Whether one is chosen: a row that asks is drawn again only when its own answer changes. */
export function isChosen(id: string): boolean {
  let found = each.get(id);
  if (found === undefined) {
    found = computed(() => chosen.value.has(id));
    each.set(id, found);
  }
  return found.value;
}

export function toggle(id: string): void {
  const next = new Set(chosen.value);
  if (!next.delete(id)) next.add(id);
  chosen.value = next;
}

export function chooseAll(): void {
  chosen.value = new Set(store.shown.map((row) => row.id));
}

export function chooseNone(): void {
  chosen.value = new Set();
}

/** How many of those that are chosen the view on the screen shows; whoever acts on them is told of the others. */
export const chosenHere = (): number => (chosen.value.size === 0 ? 0 : store.shown.reduce((n, row) => n + Number(chosen.value.has(row.id)), 0));

export function placeOf(id: string | null): number {
  return id === null ? -1 : store.shown.findIndex((row) => row.id === id);
}

/** Go so many rows on; from nowhere to the first. */
export function step(by: number): string | null {
  const at = placeOf(current.value);
  const next = at < 0 ? 0 : Math.min(store.shown.length - 1, Math.max(0, at + by));
  current.value = store.shown[next]?.id ?? null;
  return current.value;
}
