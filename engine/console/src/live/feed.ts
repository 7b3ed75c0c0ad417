/** What this tab hears of the browser's one stream: it fills the store, and says when it last heard anything. */
import { computed, signal } from "@preact/signals";
import { ask } from "../api/client.ts";
import { listening, type Listening } from "./channel.ts";
import { hear, second } from "./clock.ts";
import type { Batch, Heard } from "./hub.ts";
import { store } from "./store.ts";

/** Two signs of life missed: what is shown is from then, and says so. */
const LOST_MS = 4500;

let now: Listening | null = null;
let cursor = "";
let heardAt = 0;

const isOpen = signal(false);
const begun = signal(0);

/** How old the data is, in whole seconds, once that is worth a banner; `null`: it is live. */
export const lostFor = computed<number | null>(() => {
  second.value;
  if (begun.value === 0) return null;
  const age = performance.now() - Math.max(heardAt, begun.value);
  return age > LOST_MS || (!isOpen.value && age > 1000) ? Math.round(age / 1000) : null;
});

function take({ heard, cursor: next }: Batch): void {
  cursor = next;
  if (heard.length === 0 || heard.some((one) => one.type !== "shut")) {
    heardAt = performance.now();
    isOpen.value = true;
  }
  for (const one of heard) takeOne(one);
}

function takeOne(one: Heard): void {
  switch (one.type) {
    case "ping":
      return hear(one.now, one.speed);
    case "shut":
      isOpen.value = false;
      if (one.isGivenUp) void ask("/v1/queues").catch(() => undefined); // a session that has ended is noticed by this
      return;
    case "other":
      return location.reload(); // somebody else sits here now
    default:
      store.take(one);
  }
}

export function listen(who: string): void {
  hush();
  begun.value = performance.now();
  now = listening(who, take, { rows: store.rows, cursor: () => cursor });
}

export function hush(): void {
  now?.stop();
  now = null;
  cursor = "";
  heardAt = 0;
  begun.value = 0;
  isOpen.value = false;
  store.forget();
}
