/** When a ticket's time stood and by how much it was lengthened, out of its past. Pure. */
import type { Happened } from "../api/model.ts";

export interface Stand {
  from: number;
  /** `null`: it stands still. */
  to: number | null;
  why: "parked" | "waiting_reporter";
}

const BEGINS: Record<string, Stand["why"]> = { TicketParked: "parked", WaitingForReporter: "waiting_reporter" };
const ENDS: Record<string, Stand["why"]> = { TicketUnparked: "parked", WaitEnded: "waiting_reporter" };
const OVER = new Set(["TicketClosed", "TicketDismissed", "TicketCancelled", "TicketMerged"]);

/** Stretches in which its clocks stood, the first one first. */
export function standsIn(past: readonly Happened[]): Stand[] {
  const found: Stand[] = [];
  for (const one of past) {
    const at = Date.parse(one.at);
    for (const { type } of one.events) {
      const begun = BEGINS[type];
      const ended = ENDS[type];
      const open = found.find((stand) => stand.to === null && (OVER.has(type) || stand.why === ended));
      if (begun !== undefined) found.push({ from: at, to: null, why: begun });
      else if (open !== undefined) open.to = at;
    }
  }
  return found;
}

/** When more time was given. */
export function extensionsIn(past: readonly Happened[]): { at: number; byMs: number }[] {
  return past.flatMap((one) =>
    one.events.flatMap((event) => (event.type === "LimitExtended" ? [{ at: Date.parse(one.at), byMs: Number(event.facts?.["by_ms"] ?? 0) }] : [])),
  );
}
