/** Which rows a view shows, and how many each value of a facet would leave. Pure. */
import type { Row } from "../api/model.ts";
import { bandOf } from "./time.ts";

export const FACETS = ["band", "status", "tier", "party", "street", "category", "dept", "urgency", "leaf"] as const;
export type Facet = (typeof FACETS)[number];

export interface Filter {
  view: string;
  words: string;
  chosen: Partial<Record<Facet, string[]>>;
}

export interface Seen {
  now: number;
  zone: string;
  person: string;
  role: string;
}

export const VIEWS = ["mine", "all", "approval", "not_begun", "late", "whistle", "desk"] as const;
export type View = (typeof VIEWS)[number];

const IDLE = 2 * 3_600_000;

/** The views that every seat has; what each shows of all that the seat may see. */
export function stands(view: string, row: Row, seen: Seen): boolean {
  switch (view) {
    case "mine":
      return row.person === seen.person;
    case "approval":
      return row.waits_for != null && row.waits_for.roles.some((role) => role === seen.role);
    case "not_begun":
      return row.status === "accepted" && seen.now - (row.filed_at ?? row.received_at) > IDLE;
    case "late":
      return Boolean(row.is_overdue) || (row.deadline_at != null && row.deadline_at <= seen.now);
    case "whistle":
      return (row.child_clocks ?? []).some((child) => child.ended_at == null);
    case "desk":
      return row.status === "received" || row.status === "verifying" || row.status === "held"; // as the gateway's queue of that name
    default:
      return true;
  }
}

/** The values a row has of a facet. */
export function valuesOf(facet: Facet, row: Row, seen: Seen): string[] {
  switch (facet) {
    case "band":
      return [bandOf(row.deadline_at, Boolean(row.is_overdue), seen.now, seen.zone)];
    case "status":
      return [row.status];
    case "tier":
      return row.tier ? [row.tier] : [];
    case "party":
      return row.party ? [row.party] : [];
    case "street":
      return row.street ? [row.street] : [];
    case "category":
      return [row.category ?? ""];
    case "dept":
      return [...new Set([...(row.lead ? [row.lead] : []), ...(row.child_clocks ?? []).map((child) => child.code)])];
    case "leaf":
      return [row.leaf ?? row.home];
    case "urgency":
      return row.urgency ? [row.urgency] : [];
  }
}

function hasWords(row: Row, words: string): boolean {
  if (words === "") return true; // most of the time, and for every row of ten thousand
  const labels = Object.values(row.labels ?? {}).flatMap((pair) => pair ?? []);
  const text = [row.id, row.identity, row.text, row.address, row.person, ...labels].join("\n").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function fits(facet: Facet, row: Row, filter: Filter, seen: Seen): boolean {
  const chosen = filter.chosen[facet];
  return chosen === undefined || chosen.length === 0 || valuesOf(facet, row, seen).some((one) => chosen.includes(one));
}

export function passes(row: Row, filter: Filter, seen: Seen): boolean {
  return (
    stands(filter.view, row, seen) && hasWords(row, filter.words) && FACETS.every((one) => fits(one, row, filter, seen))
  );
}

export type Counts = Record<Facet, Map<string, number>>;

/** Counts each value among the rows that all other facets leave, what a click on it would show, and each view; some
 * rows at a time. */
export class Tally {
  readonly counts = Object.fromEntries(FACETS.map((one) => [one, new Map<string, number>()])) as Counts;
  readonly views: Record<string, number> = Object.fromEntries(VIEWS.map((one) => [one, 0]));
  private readonly filter: Filter;
  private readonly seen: Seen;

  constructor(filter: Filter, seen: Seen) {
    this.filter = filter;
    this.seen = seen;
  }

  add(rows: readonly Row[], from = 0, to = rows.length): void {
    for (let n = from; n < Math.min(to, rows.length); n++) this.one(rows[n]!);
  }

  private one(row: Row): void {
    for (const view of VIEWS) if (stands(view, row, this.seen)) this.views[view]!++;
    if (!stands(this.filter.view, row, this.seen) || !hasWords(row, this.filter.words)) return;
    let missed: Facet | null = null;
    for (const facet of FACETS) {
      if (fits(facet, row, this.filter, this.seen)) continue;
      if (missed !== null) return;
      missed = facet;
    }
    for (const facet of missed === null ? FACETS : [missed]) {
      for (const value of valuesOf(facet, row, this.seen)) this.counts[facet].set(value, (this.counts[facet].get(value) ?? 0) + 1);
    }
  }
}

export function counted(rows: readonly Row[], filter: Filter, seen: Seen): Counts {
  const tally = new Tally(filter, seen);
  tally.add(rows);
  return tally.counts;
}

/** Read a filter out of an address, and write it back: a view is its address. */
export function filterOf(view: string, query: URLSearchParams): Filter {
  const chosen: Filter["chosen"] = {};
  for (const facet of FACETS) {
    const given = query.getAll(facet);
    if (given.length > 0) chosen[facet] = given;
  }
  return { view, words: query.get("q") ?? "", chosen };
}

export function queryOf(filter: Filter): string {
  const query = new URLSearchParams();
  for (const facet of FACETS) for (const value of filter.chosen[facet] ?? []) query.append(facet, value);
  if (filter.words !== "") query.set("q", filter.words);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** Choose a value, or let it go again. */
export function toggled(filter: Filter, facet: Facet, value: string): Filter {
  const before = filter.chosen[facet] ?? [];
  const after = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
  const chosen = { ...filter.chosen };
  if (after.length === 0) delete chosen[facet];
  else chosen[facet] = after;
  return { ...filter, chosen };
}
