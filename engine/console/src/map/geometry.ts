/** Places on a map, in degrees. Pure. */

export type Point = readonly [number, number];
export type Ring = readonly Point[];

export interface Grid {
  type: "Feature";
  id: number;
  properties: { code: string; level: string; parent: string | null; households: number | null };
  geometry: { type: "Polygon"; coordinates: Point[][] };
}

export interface Grids {
  type: "FeatureCollection";
  pack: string;
  features: Grid[];
}

/** The middle of an outline's corners: inside of all that is not bent like a horseshoe. */
export function middle(grid: Grid): Point {
  const ring = grid.geometry.coordinates[0] ?? [];
  const corners = ring.slice(0, -1);
  const n = Math.max(1, corners.length);
  return [corners.reduce((sum, [x]) => sum + x, 0) / n, corners.reduce((sum, [, y]) => sum + y, 0) / n];
}

/** Whether a point lies in a ring: by how often a ray to the right crosses it. */
export function isIn([x, y]: Point, ring: Ring): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[i]!;
    const [bx, by] = ring[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** A box between two corners, as a ring. */
export function box([ax, ay]: Point, [bx, by]: Point): Ring {
  return [[ax, ay], [bx, ay], [bx, by], [ax, by]];
}

/** The grids whose middle lies in what was drawn. */
export function within(grids: readonly Grid[], ring: Ring): string[] {
  return ring.length < 3 ? [] : grids.filter((grid) => isIn(middle(grid), ring)).map((grid) => grid.properties.code);
}

/** South-west and north-east of all; `null`: there is nothing. */
export function bounds(grids: readonly Grid[]): [Point, Point] | null {
  const all = grids.flatMap((grid) => grid.geometry.coordinates[0] ?? []);
  if (all.length === 0) return null;
  let [west, south] = all[0]!;
  let [east, north] = all[0]!;
  for (const [x, y] of all) {
    west = Math.min(west, x);
    east = Math.max(east, x);
    south = Math.min(south, y);
    north = Math.max(north, y);
  }
  return [[west, south], [east, north]];
}
