import assert from "node:assert/strict";
import test from "node:test";
import { workLength, worked } from "../src/lib/worktime.ts";

const HOUR = 3_600_000;
const DAYS = [[0, 4], [6, 10], [24, 28], [30, 34]].map(([from, to]) => [from! * HOUR, to! * HOUR]);
const UNITS = { hour: "工作时", minute: "工作分", then: "分" };

test("only working time counts, from wherever it is looked at", () => {
  assert.equal(worked(DAYS, 1 * HOUR, 7 * HOUR), 4 * HOUR);
  assert.equal(worked(DAYS, 12 * HOUR, 25 * HOUR), HOUR);
  assert.equal(worked(DAYS, 4 * HOUR, 6 * HOUR), 0);
  assert.equal(worked(DAYS, 0, 34 * HOUR), 16 * HOUR);
  assert.equal(worked(DAYS, 0, 35 * HOUR), null);
  assert.equal(worked([], 0, 1), null);
});

test("it is said in working hours and minutes", () => {
  assert.equal(workLength(3 * HOUR, UNITS), "3工作时");
  assert.equal(workLength(3.5 * HOUR, UNITS), "3工作时 30分");
  assert.equal(workLength(59_999, UNITS), "0工作分");
});
