import assert from "node:assert/strict";
import test from "node:test";
import type { Row } from "../src/api/model.ts";
import { bounds, box, drawing, isIn, middle, within, type Grid } from "../src/map/geometry.ts";
import { shade, tallied } from "../src/map/tally.ts";

const square = (id: number, code: string, x: number, y: number): Grid => ({
  type: "Feature",
  id,
  properties: { code, level: "grid", parent: null, households: null },
  geometry: { type: "Polygon", coordinates: [[[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]] },
});
const GRIDS = [square(0, "a", 0, 0), square(1, "b", 1, 0), square(2, "c", 5, 5)];

test("what is drawn takes the grids whose middle lies in it", () => {
  assert.deepEqual(middle(GRIDS[0]!), [0.5, 0.5]);
  assert.deepEqual(within(GRIDS, box([0.2, 0.2], [2, 1])), ["a", "b"]);
  assert.deepEqual(within(GRIDS, box([2, 1], [0.2, 0.2])), ["a", "b"]); // from whichever corner
  assert.deepEqual(within(GRIDS, [[4, 4], [7, 4], [5.5, 7]]), ["c"]);
  assert.deepEqual(within(GRIDS, [[0, 0], [9, 9]]), []);
  const bent: [number, number][] = [[0, 0], [4, 0], [4, 4], [3, 4], [3, 1], [0, 1]];
  assert.ok(isIn([3.5, 3], bent) && !isIn([1, 3], bent));
  assert.deepEqual(bounds(GRIDS), [[0, 0], [6, 6]]);
  assert.equal(bounds([]), null);
});

test("each grid has its open and its late ones, and a shade", () => {
  const row = (more: Partial<Row>): Row => ({ id: "x", home: "h", ...more }) as Row;
  const rows = [row({ leaf: "a", is_overdue: true }), row({ leaf: "a", deadline_at: 99 }), row({ leaf: "a", deadline_at: 101 }), row({})];
  const found = tallied(rows, 100);
  assert.deepEqual(found.get("a"), { open: 3, late: 2 });
  assert.deepEqual(found.get("h"), { open: 1, late: 0 });
  assert.deepEqual([0, 1, 2, 3, 5, 6, 10, 11, 900].map(shade), [0, 1, 1, 2, 2, 3, 3, 4, 4]);
});

test("a ticket's place is drawn with what is beside it, the point in the picture wherever it lies", () => {
  const size = { width: 200, height: 100 };
  const drawn = drawing(GRIDS, ["city", "a"], [0.5, 0.5], size)!;
  assert.equal(drawn.code, "a");
  assert.deepEqual(drawn.point, [100, 50]);
  assert.equal(drawn.own, "65,85 135,85 135,15 65,15 65,85");
  assert.equal(drawn.beside.length, 2);
  const [x, y] = drawing(GRIDS, ["a"], [3, 0], size)!.point!; // outside of its own grid
  assert.ok(x > 0 && x < 200 && y > 0 && y < 100);
  assert.equal(drawing(GRIDS, ["b", "nowhere"], null, size)!.code, "b"); // the smallest that has an outline
  assert.equal(drawing(GRIDS, ["nowhere"], [0, 0], size), null);
  assert.equal(drawing([], [], null, size), null);
});
