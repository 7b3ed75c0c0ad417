/** What hangs on a wall: its address says all of it. Pure. */
import { VIEWS, type View } from "./facets.ts";

export interface Wall {
  views: View[];
  /** Seconds that each view stands; 0: the first stays. */
  rotate: number;
  isKiosk: boolean;
}

const ALSO: Record<string, View> = { overdue: "late" };
const OTHERWISE: View[] = ["all", "late"];
const SHORTEST = 5;
const LONGEST = 3600;

const viewOf = (name: string): View | undefined => ALSO[name] ?? VIEWS.find((view) => view === name);

/** Read `views=all,overdue&rotate=30&kiosk`; what no view is called is left out. */
export function wallOf(query: URLSearchParams): Wall {
  const named = (query.get("views") ?? "").split(",").flatMap((name) => viewOf(name.trim()) ?? []);
  const seconds = query.has("rotate") ? Number(query.get("rotate")) : 30;
  const rotate = seconds > 0 ? Math.min(LONGEST, Math.max(SHORTEST, seconds)) : 0;
  return { views: named.length > 0 ? [...new Set(named)] : OTHERWISE, rotate, isKiosk: query.has("kiosk") };
}

/** The view that stands after so long. */
export function viewAt(wall: Wall, elapsedMs: number): View {
  const turn = wall.rotate === 0 ? 0 : Math.floor(elapsedMs / 1000 / wall.rotate);
  return wall.views[turn % wall.views.length] ?? "all";
}

/** How many rows of a height find room below what else is there; three at least. */
export function roomFor(height: number, taken: number, row: number): number {
  return Math.max(3, Math.floor((height - taken) / row));
}
