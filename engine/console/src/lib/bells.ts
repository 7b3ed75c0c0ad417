/** For which views this browser rings or shows a notice when something comes new into them: none until somebody says so. */
import { signal } from "@preact/signals";
import { keep, keptText } from "./kept.ts";

export interface Bell {
  sound: boolean;
  desktop: boolean;
  /** Hours of the city's day in which it is silent, `[22, 7]`; `null`: none. */
  quiet: readonly [number, number] | null;
}

export const SILENT: Bell = { sound: false, desktop: false, quiet: null };

const isBell = (one: unknown): one is Bell => typeof one === "object" && one !== null && typeof (one as Bell).sound === "boolean" && typeof (one as Bell).desktop === "boolean";

function read(): Record<string, Bell> {
  try {
    const found = JSON.parse(keptText("bells") ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(Object.entries(found).filter(([address, one]) => address.startsWith("/queues/") && isBell(one))) as Record<string, Bell>;
  } catch {
    return {};
  }
}

/** Address of a view -> its bell. */
export const bells = signal<Record<string, Bell>>(read());

export function ring(address: string, bell: Bell): void {
  const next = { ...bells.value, [address]: bell };
  if (!bell.sound && !bell.desktop) delete next[address];
  bells.value = next;
  keep("bells", JSON.stringify(next));
}

export function isQuiet(bell: Bell, hour: number): boolean {
  if (bell.quiet === null || bell.quiet === undefined) return false;
  const [from, to] = bell.quiet;
  return from <= to ? hour >= from && hour < to : hour >= from || hour < to;
}
