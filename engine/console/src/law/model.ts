/** What the law desk is told, as docs/http.md has it. */
import type { Problem } from "../api/model.ts";
import { Refusal } from "../api/client.ts";

export interface Changed {
  section: string;
  name: string;
  before: unknown;
  after: unknown;
}

export interface Tried {
  in_force: string;
  ref?: string;
  faults: string[];
  split_bound?: string;
  differences?: Changed[];
}

export interface Known {
  ref: string;
  title: string;
  title_zh: string;
  partitions: number;
}

export interface Waiting {
  ref: string;
  by: string;
  at: number;
  note: string;
  files: string[];
}

export interface Desk {
  in_force: string;
  partitions: number;
  may_publish: boolean;
  known: Known[];
  waiting: Waiting[];
}

export interface Side {
  ticket: string;
  category: string | null;
  status: string;
  tier: string;
  party: string | null;
  departments: string[];
}

export interface Differing {
  identity: string;
  home: string;
  before: Side | null;
  after: Side | null;
  breaches_vanish: string[];
  breaches_appear: string[];
  moved: string[];
}

export interface Job {
  job: string;
  state: "running" | "done" | "failed" | "cancelled";
  ask: string;
  step?: string;
  done?: number;
  total?: number;
  faults?: string[];
  summary?: string[];
  tickets_before?: number;
  tickets_after?: number;
  moved?: Record<string, number>;
  breaches_vanish?: number;
  breaches_appear?: number;
  no_longer_fit?: number;
  differ?: number;
  rows?: Differing[];
  left_off?: Record<string, number>;
  next?: string;
}

/** The faults a refusal brings along. */
export function faultsOf(error: unknown): string[] {
  const problem: Problem | null = error instanceof Refusal ? error.problem : null;
  const found = problem?.["faults"];
  return Array.isArray(found) ? found.map(String) : [];
}

/** A value of a pack as people read it, no longer than a line or two. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "—";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 240 ? `${text.slice(0, 240)}…` : text;
}

/** How many differences each section has, the most first. */
export function bySection(changed: readonly Changed[]): [string, number][] {
  const found = new Map<string, number>();
  for (const one of changed) found.set(one.section, (found.get(one.section) ?? 0) + 1);
  return [...found].sort((a, b) => b[1] - a[1]);
}
