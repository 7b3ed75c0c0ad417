/** Rings and notices of what comes new into the views that somebody asked them for; one tab of a browser does it. */
import { signal } from "@preact/signals";
import type { Row } from "../api/model.ts";
import { categoryName, placeName, zone } from "../api/session.ts";
import { t } from "../i18n/index.ts";
import { bells, isQuiet } from "../lib/bells.ts";
import { filterOf, passes } from "../lib/facets.ts";
import { go, ticketAddress } from "../lib/route.ts";
import { clockTime } from "../lib/time.ts";
import { engineNow } from "./clock.ts";
import { store } from "./store.ts";

/** A burst is one sound. */
const APART_MS = 4000;

/** The browser lets nothing sound before somebody has clicked on the page: then it says so. */
export const needsClick = signal(false);
/** What was rung for last, for whoever looks. */
export const rung = signal<{ n: number; last: string }>({ n: 0, last: "" });

let context: AudioContext | null = null;
let soundedAt = -APART_MS;
let isOurs = navigator.locks === undefined;

/** Two soft tones. */
export async function sound(): Promise<void> {
  context ??= new AudioContext();
  if (context.state === "suspended") await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 300))]);
  needsClick.value = context.state === "suspended";
  if (needsClick.value) return;
  for (const [n, tone] of [660, 880].entries()) {
    const [oscillator, gain] = [context.createOscillator(), context.createGain()];
    const at = context.currentTime + n * 0.18;
    oscillator.frequency.value = tone;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.15, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.17);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + 0.18);
  }
}

function show(row: Row): void {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
  const told = new Notification(categoryName(row.category) || t("no_category"), { body: placeName(row), tag: row.id }); // no text of the report: it lies on a locked screen
  told.onclick = () => {
    focus();
    go(ticketAddress(row.id));
    told.close();
  };
}

function came(before: Row | undefined, row: Row): void {
  const all = bells.value;
  if (!isOurs) return;
  for (const address of Object.keys(all)) {
    const bell = all[address]!;
    const [path, query] = address.split("?");
    const filter = filterOf(path!.split("/")[2] ?? "mine", new URLSearchParams(query ?? ""));
    if (!passes(row, filter, store.seen) || (before !== undefined && passes(before, filter, store.seen))) continue;
    if (isQuiet(bell, Number(clockTime(engineNow(), zone()).slice(0, 2)))) continue;
    rung.value = { n: rung.value.n + 1, last: row.id };
    if (bell.desktop) show(row);
    if (bell.sound && performance.now() - soundedAt > APART_MS) {
      soundedAt = performance.now();
      void sound().catch(() => undefined);
    }
  }
}

export function beginRinging(): () => void {
  store.listeners.add(came);
  let release = () => {};
  if (navigator.locks !== undefined) {
    void navigator.locks.request("gridwhistle.bell", () => {
      isOurs = true;
      return new Promise<void>((done) => {
        release = done;
      });
    });
  }
  return () => {
    store.listeners.delete(came);
    release();
  };
}
