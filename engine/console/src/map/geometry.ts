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

export interface SmallDrawing {
  /** The grid that is outlined: the smallest of the place's that has an outline. */
  code: string;
  own: string;
  beside: string[];
  point: Point | null;
}

const MARGIN = 0.3;

/** A place drawn into a box of pixels: north is up, and a degree of longitude is as long as it is there; `null`: no grid of
 * its path has an outline. */
export function drawing(grids: readonly Grid[], path: readonly string[], point: Point | null, size: { width: number; height: number }): SmallDrawing | null {
  const own = path.map((code) => grids.find((one) => one.properties.code === code)).findLast((one) => one !== undefined);
  if (own === undefined) return null;
  const [[west, south], [east, north]] = bounds(point === null ? [own] : [own, around(own, point)])!;
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min(size.width / ((east - west) * narrow || 1e-6), size.height / (north - south || 1e-6)) * (1 - MARGIN);
  const put = ([x, y]: Point): Point => [
    Math.round(size.width / 2 + (x - (west + east) / 2) * narrow * scale),
    Math.round(size.height / 2 - (y - (south + north) / 2) * scale),
  ];
  const line = (one: Grid): string => (one.geometry.coordinates[0] ?? []).map((corner) => put(corner).join(",")).join(" ");
  return { code: own.properties.code, own: line(own), beside: grids.filter((one) => one !== own).map(line), point: point && put(point) };
}

/** A grid of one corner, so that what lies outside of its own is in the picture. */
const around = (like: Grid, point: Point): Grid => ({ ...like, geometry: { type: "Polygon", coordinates: [[point]] } });
