/** What stands in each grid, of the rows on hand. Pure. */
import type { Row } from "../api/model.ts";

export interface Tally {
  open: number;
  late: number;
}

export type By = keyof Tally;
export const STEPS = [0, 1, 3, 6, 11] as const;

/** Open and late tickets of each grid; those that are known by their home alone stand under it. */
export function tallied(rows: Iterable<Row>, now: number): Map<string, Tally> {
  const found = new Map<string, Tally>();
  for (const row of rows) {
    const code = row.leaf ?? row.home;
    const tally = found.get(code) ?? { open: 0, late: 0 };
    tally.open += 1;
    if (row.is_overdue || (row.deadline_at != null && row.deadline_at <= now)) tally.late += 1;
    found.set(code, tally);
  }
  return found;
}

/** Which of the few shades a number has. */
export function shade(n: number): number {
  let found = 0;
  for (let at = 0; at < STEPS.length; at++) if (n >= STEPS[at]!) found = at;
  return found;
}
