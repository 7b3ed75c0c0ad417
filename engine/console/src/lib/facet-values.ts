/** What a facet lists: all that the law has, also where nothing stands in one now, so that an empty one is seen to be
 * empty and can be clicked. Pure. */
import type { Pack } from "../api/model.ts";
import type { Facet } from "./facets.ts";

const STATUSES = ["received", "verifying", "offered", "accepted", "handling", "whistled", "parked", "done", "surveyed"];
const URGENCIES = ["U1", "U2", "U3", "U4"];
const BANDS = ["late", "soon", "today", "later", "none"];
/** A city has 34 categories and 12 departments: of more than a dozen the rest stands behind a button. */
const WHOLE = 12;
export const SHOWN = 8;

/** The values that the law has, in its order; of grids none: a city has thousands, and the map chooses them. */
export function ofLaw(facet: Facet, pack: Pack | null): string[] {
  switch (facet) {
    case "band":
      return BANDS;
    case "urgency":
      return URGENCIES;
    case "status":
      return STATUSES;
    case "tier":
      return [...new Set(Object.values(pack?.ladders ?? {}).flatMap((steps) => steps.map((one) => one.code)))];
    case "party":
      return pack?.parties.map((one) => one.code) ?? [];
    case "category":
      return [...(pack?.categories.map((one) => one.code) ?? []), ""];
    case "dept":
      return pack?.departments.map((one) => one.code) ?? [];
    case "street": {
      const parents = new Map(pack?.grids.map((one) => [one.code, one.parent]));
      return [...new Set(pack?.homes.map((one) => parents.get(one.code) ?? ""))].filter((one) => one !== "");
    }
    case "leaf":
      return [];
  }
}

interface Listed {
  values: string[];
  /** How many stand behind the button. */
  left: number;
}

/** Those that are shown: what is chosen, what has most, what was met before; in the law's order, so that nothing moves
 * under the pointer while counts change. What only an older law has stands behind. */
export function listed(law: readonly string[], counts: ReadonlyMap<string, number>, met: ReadonlySet<string>, chosen: readonly string[], all: boolean): Listed {
  const whole = [...new Set([...law, ...met, ...counts.keys(), ...chosen])];
  if (all || whole.length <= WHOLE) return { values: whole, left: 0 };
  const weight = (value: string): number => (counts.get(value) ?? 0) + (met.has(value) ? 0.5 : 0);
  const most = [...whole].sort((a, b) => weight(b) - weight(a)).slice(0, SHOWN); // a sort keeps the order of equals
  const shown = new Set([...chosen, ...most]);
  return { values: whole.filter((value) => shown.has(value)), left: whole.length - shown.size };
}
