/** The scoreboard's figures, as docs/http.md has them. Pure. */

export interface Rate {
  n: number;
  of: number;
  raw?: number;
}
export interface RateRow {
  code: string | null;
  received: number;
  rates: Record<string, Rate>;
}
export interface Rates {
  targets: Record<string, number>;
  rows: RateRow[];
}
export interface Broken {
  day: string;
  tier: string | null;
  n: number;
}
export interface PartyTold {
  code: string;
  share: number;
  n: number;
  drift: number;
  causes: Record<string, number>;
}
export interface HomeSplit {
  home: string;
  parties: PartyTold[];
  apart: Record<string, number>;
}

export const RATES = ["closing", "in_time", "satisfaction", "answers", "response", "rework", "reopening", "whistle", "containment", "duplicates"] as const;
export const BY = ["street", "home", "grid", "category", "department", "party", "person"] as const;
export type By = (typeof BY)[number];

/** Per cent with one digit; `null`: there is nothing to divide by. */
export const percent = (n: number, of: number): number | null => (of === 0 ? null : Math.round((1000 * n) / of) / 10);

/** Days in order with a line for each tier, zeros where nothing broke: what a chart is drawn of. */
export function series(rows: readonly Broken[]): { days: string[]; tiers: string[]; lines: number[][] } {
  const tiers = [...new Set(rows.map((one) => one.tier ?? ""))].sort();
  const days: string[] = [];
  const first = rows[0]?.day;
  const last = rows.at(-1)?.day;
  for (let at = first; at !== undefined && last !== undefined && at <= last && days.length < 500; ) {
    days.push(at);
    at = new Date(Date.parse(`${at}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  }
  const lines = tiers.map((tier) => days.map((day) => rows.find((one) => one.day === day && (one.tier ?? "") === tier)?.n ?? 0));
  return { days, tiers, lines };
}

/** Hundredths of a ticket as tickets. */
export const tickets = (hundredths: number): string => `${hundredths > 0 ? "+" : ""}${(hundredths / 100).toFixed(2)}`;
