/** What a shift's pages work out for themselves: whose grid, how empty a day is, a mended report. Pure. */

export interface OnPost {
  person: string;
  name: string;
  hours: string;
  on_duty: boolean;
}

export interface DutyLine {
  role: string;
  node: string;
  org: string | null;
  people: OnPost[];
  nobody_now: boolean;
  gaps: [number, number][];
}

export interface DutyChange {
  person: string;
  role: string;
  change: "on" | "off" | "add" | "remove";
  since?: number | null;
  until?: number | null;
  instead_of?: string | null;
  lacking: number[];
}

export interface DutyBoard {
  now: number;
  until: number;
  lines: DutyLine[];
  more: boolean;
  changes: DutyChange[];
  may_change: boolean;
}

type Grid = { code: string; parent: string | null };

/** A grid and all above it, itself first. */
export function pathOf(code: string, grids: readonly Grid[]): string[] {
  const found: string[] = [];
  const parents = new Map(grids.map((one) => [one.code, one.parent]));
  let at: string | null | undefined = code;
  while (at != null && at !== "" && !found.includes(at)) {
    found.push(at);
    at = parents.get(at);
  }
  return found;
}

/** The lines of a role for a grid: those of the nearest grid on the way up, as the law looks for people. */
export function linesFor(role: string, code: string, lines: readonly DutyLine[], grids: readonly Grid[]): DutyLine[] {
  for (const here of pathOf(code, grids)) {
    const found = lines.filter((one) => one.role === role && one.node === here);
    if (found.length > 0) return found;
  }
  return [];
}

export type Cover = "whole" | "part" | "nobody";

/** How a stretch of time is covered: by somebody throughout, in part, or by nobody. */
export function coverOf(gaps: readonly [number, number][], since: number, until: number): Cover {
  const empty = gaps.reduce((sum, [begin, end]) => sum + Math.max(0, Math.min(end, until) - Math.max(begin, since)), 0);
  return empty <= 0 ? "whole" : empty >= until - since ? "nobody" : "part";
}

/** What a form offers of a report to be mended, by where it stands in its data. */
export const MENDABLE = [
  "text",
  "category",
  "channel",
  "occurred_at",
  "location.grid",
  "location.address",
  "reporter.name",
  "reporter.phone",
] as const;

type Data = Record<string, unknown>;
const isData = (value: unknown): value is Data => typeof value === "object" && value !== null && !Array.isArray(value);

export function valueAt(data: Data, place: string): string {
  const found = place.split(".").reduce<unknown>((at, step) => (isData(at) ? at[step] : undefined), data);
  return typeof found === "string" || typeof found === "number" ? String(found) : "";
}

/** Put what was changed where it stands; what was emptied goes, and nothing else is touched. */
export function mended(data: Data, fields: Readonly<Record<string, string>>): Data {
  const found = structuredClone(data);
  for (const [place, value] of Object.entries(fields)) {
    if (value === valueAt(data, place)) continue;
    const steps = place.split(".");
    const last = steps.pop() ?? "";
    let at = found;
    for (const step of steps) {
      if (!isData(at[step])) at[step] = {};
      at = at[step] as Data;
    }
    if (value === "") delete at[last];
    else at[last] = value;
  }
  return found;
}
