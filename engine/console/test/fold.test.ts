import assert from "node:assert/strict";
import test from "node:test";
import type { Row } from "../src/api/model.ts";
import { before, changesOf, placeIn, reorder } from "../src/live/fold.ts";

const row = (id: string, version = 1, deadline?: number): Row =>
  ({ id, version, home: "h", status: "offered", person: "p", duty: "d", task: "accept", received_at: 0, ...(deadline === undefined ? {} : { deadline_at: deadline }) }) as Row;

const known = (...rows: Row[]) => new Map(rows.map((one) => [one.id, one]));

test("a row of a lower version is old news, one of the same or a higher is taken", () => {
  const there = known(row("a", 3));
  assert.equal(changesOf(there, { type: "upsert", row: row("a", 2) }).put.length, 0);
  assert.equal(changesOf(there, { type: "upsert", row: row("a", 3) }).put.length, 1);
  assert.equal(changesOf(there, { type: "upsert", row: row("b", 1) }).put.length, 1);
});

test("what last moved a row stays where a change moved nothing", () => {
  const moved = { reason: "limit_breached", at: 5 } as NonNullable<Row["moved"]>;
  const there = known({ ...row("a", 3), moved });
  assert.deepEqual(changesOf(there, { type: "upsert", row: row("a", 4) }).put[0]?.moved, moved);
  assert.equal(changesOf(there, { type: "part", rows: [row("a", 2)] }).put[0]?.version, 2);
});

test("what still stands lets go of all others", () => {
  const there = known(row("a"), row("b"), row("c"));
  assert.deepEqual(changesOf(there, { type: "standing", ids: ["a", "c"] }).gone, ["b"]);
  assert.deepEqual(changesOf(there, { type: "remove", id: "x" }).gone, []);
  assert.deepEqual(changesOf(there, { type: "remove", id: "a" }).gone, ["a"]);
});

/** Draws the same numbers each time. */
function drawn(seed: number): () => number {
  let state = seed;
  return () => ((state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648);
}

test("ten thousand changes put one by one leave the order that sorting gives", () => {
  const draw = drawn(7);
  const rows: Row[] = [];
  const there = new Map<string, Row>();
  for (let n = 0; n < 10_000; n++) {
    const id = `t${Math.floor(draw() * 700)}`;
    const fresh = draw() < 0.2 ? undefined : row(id, n, draw() < 0.1 ? undefined : Math.floor(draw() * 50));
    reorder(rows, there.get(id), fresh);
    if (fresh === undefined) there.delete(id);
    else there.set(id, fresh);
  }
  const sorted = [...there.values()].sort(before);
  assert.ok(sorted.length > 300);
  assert.deepEqual(rows.map((one) => one.id), sorted.map((one) => one.id));
  assert.deepEqual(rows.map((one) => one.version), sorted.map((one) => one.version));
  assert.equal(rows.every((one, at) => placeIn(rows, one) === at), true);
});
