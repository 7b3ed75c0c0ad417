/** The one stream of this page: it fills the store, says when it last heard anything, and comes back by itself. */
import { computed, signal } from "@preact/signals";
import type { Row } from "../api/model.ts";
import { ask } from "../api/client.ts";
import { hear, second } from "./clock.ts";
import { store } from "./store.ts";

/** Two signs of life missed: what is shown is from then, and says so. */
const LOST_MS = 4500;
const AGAIN_MS = 1500;

let source: EventSource | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
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

function heard(event: MessageEvent): void {
  heardAt = performance.now();
  isOpen.value = true;
  if (event.lastEventId !== "") cursor = event.lastEventId;
}

function on<T>(stream: EventSource, name: string, then: (data: T) => void): void {
  stream.addEventListener(name, (event) => {
    if (stream !== source) return;
    heard(event as MessageEvent);
    then(JSON.parse((event as MessageEvent<string>).data) as T);
  });
}

function open(): void {
  const from = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  const stream = new EventSource(`/v1/stream?queue=open${from}`);
  source = stream;
  on<{ rows: Row[]; now: number; speed: number }>(stream, "snapshot", (data) => {
    hear(data.now, data.speed);
    store.take({ type: "snapshot", rows: data.rows });
  });
  on<Row>(stream, "upsert", (row) => store.take({ type: "upsert", row }));
  on<{ id: string; version?: number }>(stream, "remove", (data) => store.take({ type: "remove", ...data }));
  on<{ ids: string[] }>(stream, "standing", (data) => store.take({ type: "standing", ids: data.ids }));
  on<{ now: number; speed: number }>(stream, "ping", (data) => hear(data.now, data.speed));
  for (const name of ["cursor", "reset", "behind"]) on(stream, name, () => undefined);
  stream.onerror = () => {
    isOpen.value = false;
    if (stream === source && stream.readyState === EventSource.CLOSED) again();
  };
}

/** The browser gives up where it was answered anything but a stream; we do not. */
function again(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (begun.value === 0) return;
    void ask("/v1/queues").catch(() => undefined); // a session that has ended is noticed by this
    source?.close();
    open();
  }, AGAIN_MS);
}

export function listen(): void {
  hush();
  begun.value = performance.now();
  open();
}

export function hush(): void {
  clearTimeout(timer);
  source?.close();
  source = null;
  cursor = "";
  heardAt = 0;
  begun.value = 0;
  isOpen.value = false;
  store.forget();
}
