import assert from "node:assert/strict";
import test from "node:test";
import { coverOf, linesFor, mended, pathOf, valueAt, type DutyLine } from "../src/lib/shift.ts";

const GRIDS = [
  { code: "city", parent: null },
  { code: "east", parent: "city" },
  { code: "east1", parent: "east" },
];
const line = (role: string, node: string): DutyLine => ({ role, node, org: null, people: [], nobody_now: false, gaps: [] });

test("people are looked for at the nearest grid on the way up", () => {
  assert.deepEqual(pathOf("east1", GRIDS), ["east1", "east", "city"]);
  const lines = [line("street", "city"), line("street", "east"), line("desk", "city")];
  assert.deepEqual(linesFor("street", "east1", lines, GRIDS).map((one) => one.node), ["east"]);
  assert.deepEqual(linesFor("desk", "east1", lines, GRIDS).map((one) => one.node), ["city"]);
  assert.deepEqual(linesFor("chief", "east1", lines, GRIDS), []);
});

test("a day is covered throughout, in part, or by nobody", () => {
  assert.equal(coverOf([], 0, 10), "whole");
  assert.equal(coverOf([[10, 20]], 0, 10), "whole");
  assert.equal(coverOf([[2, 4]], 0, 10), "part");
  assert.equal(coverOf([[0, 4], [4, 12]], 0, 10), "nobody");
});

test("only what was changed of a report is changed", () => {
  const data = { channel: "pigeon", location: { grid: "east1", lat: 34.5 }, attributes: { a: 1 } };
  assert.equal(valueAt(data, "location.grid"), "east1");
  assert.equal(valueAt(data, "reporter.phone"), "");
  const found = mended(data, { channel: "app", "location.grid": "east1", "reporter.name": "Li", text: "" });
  assert.deepEqual(found, { ...data, channel: "app", reporter: { name: "Li" } });
  assert.deepEqual(mended(data, { "location.grid": "" })["location"], { lat: 34.5 });
  assert.equal(data.channel, "pigeon");
});
