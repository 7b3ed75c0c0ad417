/** Engine time on this screen: as the gateway last said it, gone on since by this machine's steady clock. */
import { signal } from "@preact/signals";

let said = { engine: Date.now(), at: performance.now(), speed: 1 };

/** Once a second: whoever shows a countdown reads it. */
export const second = signal(0);

export function hear(engine: number, speed: number): void {
  said = { engine, at: performance.now(), speed };
}

export function engineNow(): number {
  return said.engine + (performance.now() - said.at) * said.speed;
}

/** Engine time, for who is to be drawn again each second. */
export function ticking(): number {
  second.value;
  return engineNow();
}

setInterval(() => {
  second.value++;
}, 1000);
