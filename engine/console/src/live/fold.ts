/** What the stream says, folded into the rows on hand. Pure, so that it is tested without a browser. */
import type { Row } from "../api/model.ts";

export type Told =
  | { type: "part"; rows: Row[] }
  | { type: "upsert"; row: Row }
  | { type: "remove"; id: string; version?: number }
  | { type: "standing"; ids: string[] };

export interface Changes {
  /** Rows that are new or newer. */
  put: Row[];
  /** Ids that left. */
  gone: string[];
}

/** A row of a lower version than the one on hand is old news; what last moved it stays where a change moved nothing. */
function news(known: ReadonlyMap<string, Row>, row: Row): Row[] {
  const before = known.get(row.id);
  if (before !== undefined && row.version < before.version) return [];
  return [row.moved == null && before?.moved != null ? { ...row, moved: before.moved } : row];
}

export function changesOf(known: ReadonlyMap<string, Row>, told: Told): Changes {
  switch (told.type) {
    case "part": // read as it is now: whatever was known before
      return { put: told.rows, gone: [] };
    case "upsert":
      return { put: news(known, told.row), gone: [] };
    case "remove":
      return { put: [], gone: known.has(told.id) ? [told.id] : [] };
    case "standing": {
      const there = new Set(told.ids);
      return { put: [], gone: [...known.keys()].filter((id) => !there.has(id)) };
    }
  }
}

const LAST = Number.MAX_SAFE_INTEGER;

/** Nearest deadline first; what has none comes last; equal ones by id, so that nothing jumps. */
export function before(a: Row, b: Row): number {
  const first = (a.deadline_at ?? LAST) - (b.deadline_at ?? LAST);
  return first !== 0 ? first : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Where a row stands, or would stand, in an ordered list. */
export function placeIn(rows: readonly Row[], row: Row): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(rows[middle]!, row) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Put a change into an ordered list in place; a few microseconds at ten thousand rows. */
export function reorder(rows: Row[], old: Row | undefined, fresh: Row | undefined): void {
  if (old !== undefined) {
    const at = placeIn(rows, old);
    if (rows[at]?.id === old.id) {
      if (fresh !== undefined && before(old, fresh) === 0) {
        rows[at] = fresh;
        return;
      }
      rows.splice(at, 1);
    }
  }
  if (fresh !== undefined) rows.splice(placeIn(rows, fresh), 0, fresh);
}
