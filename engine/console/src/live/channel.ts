/** How a tab comes to the browser's one stream: by a shared worker; else one tab leads, who has a lock, and tells the
 * others; else each tab has its own. */
import type { Row } from "../api/model.ts";
import { Hub, type Batch } from "./hub.ts";
import type { ToHub } from "./hub.worker.ts";

const NAME = "gridwhistle.stream";
const HERE_MS = 20_000;

export interface Listening {
  stop(): void;
}

/** What a tab has, should it come to lead: the rows, and where to go on from. */
export interface Has {
  rows: ReadonlyMap<string, Row>;
  cursor(): string;
}

export type Take = (batch: Batch) => void;

function shared(): SharedWorker | null {
  if (typeof SharedWorker === "undefined") return null;
  try {
    return new SharedWorker(new URL("./hub.worker.ts", import.meta.url), { type: "module", name: NAME });
  } catch {
    return null;
  }
}

let early: SharedWorker | null = null;

/** Have the worker started while it is still asked who sits here: both take about as long. */
export function prepare(): void {
  early ??= shared();
}

function byWorker(who: string, take: Take): Listening | null {
  const worker = early ?? shared();
  early = null;
  if (worker === null) return null;
  const say = (what: ToHub) => worker.port.postMessage(what);
  worker.port.onmessage = ({ data }: MessageEvent<Batch>) => take(data);
  say({ type: "hello", who });
  const here = setInterval(() => say({ type: "here" }), HERE_MS);
  const bye = () => say({ type: "bye" });
  const back = (event: PageTransitionEvent) => event.persisted && say({ type: "hello", who });
  addEventListener("pagehide", bye);
  addEventListener("pageshow", back);
  return {
    stop() {
      clearInterval(here);
      removeEventListener("pagehide", bye);
      removeEventListener("pageshow", back);
      bye();
      worker.port.close();
    },
  };
}

type Said = { type: "hello"; from: string; who: string } | { type: "told"; to: string | null; batch: Batch };

/** One tab leads for as long as it lives; the next one goes on where it stood, with the rows it has. */
function byLock(who: string, take: Take, has: Has): Listening | null {
  if (typeof BroadcastChannel === "undefined" || navigator.locks === undefined) return null;
  const channel = new BroadcastChannel(NAME);
  const me = String(Math.random());
  let isOver = false;
  let release = () => {};
  let hub: Hub | null = null;
  channel.onmessage = ({ data }: MessageEvent<Said>) => {
    if (data.type === "told" && hub === null && (data.to === null || data.to === me)) take(data.batch);
    if (data.type === "hello" && hub !== null) {
      const once = { send: (batch: Batch) => channel.postMessage({ type: "told", to: data.from, batch } satisfies Said) };
      hub.add(once, data.who);
      hub.drop(once); // from here on it is told with everybody
    }
  };
  channel.postMessage({ type: "hello", from: me, who } satisfies Said);
  void navigator.locks.request(NAME, () => {
    if (isOver) return undefined;
    hub = new Hub(has.rows, has.cursor());
    const all = {
      send(batch: Batch) {
        hub?.here(all);
        take(batch);
        channel.postMessage({ type: "told", to: null, batch } satisfies Said);
      },
    };
    hub.add(all, who, true);
    return new Promise<void>((done) => {
      release = done;
    });
  });
  return {
    stop() {
      isOver = true;
      hub?.shut();
      hub = null;
      channel.close();
      release();
    },
  };
}

function alone(who: string, take: Take, has: Has): Listening {
  const hub = new Hub(has.rows, has.cursor());
  const port = {
    send(batch: Batch) {
      hub.here(port);
      take(batch);
    },
  };
  hub.add(port, who, true);
  return { stop: () => hub.drop(port) };
}

export const listening = (who: string, take: Take, has: Has): Listening => byWorker(who, take) ?? byLock(who, take, has) ?? alone(who, take, has);
