import assert from "node:assert/strict";
import test from "node:test";
import { DAY, HOUR, MINUTE, bandOf, clockTime, dayEnd, inputOf, instantOf, length, moment, whole } from "../src/lib/time.ts";

const ZONE = "Asia/Shanghai";
const NINE = Date.parse("2026-03-02T09:00:00+08:00");
const ZH = { day: "天", hour: "时", minute: "分", second: "秒" };

test("a moment is the city's, wherever the screen stands", () => {
  assert.equal(clockTime(NINE, ZONE), "09:00");
  assert.equal(moment(NINE + 5 * HOUR, NINE, ZONE), "14:00");
  assert.equal(moment(NINE + DAY, NINE, ZONE), "03-03 09:00");
  assert.equal(moment(NINE + 365 * DAY, NINE, ZONE), "2027-03-02 09:00");
  assert.equal(whole(NINE + 61_000, ZONE), "2026-03-02 09:01:01");
  assert.equal(clockTime(Date.parse("2026-03-02T00:00:00+08:00"), ZONE), "00:00");
});

test("a length has its two largest units and never runs backwards", () => {
  assert.equal(length(45_900, ZH), "45秒");
  assert.equal(length(20 * MINUTE + 59_000, ZH), "20分");
  assert.equal(length(HOUR + 20 * MINUTE, ZH), "1时20分");
  assert.equal(length(2 * HOUR, ZH), "2时");
  assert.equal(length(2 * DAY + 3 * HOUR + 5 * MINUTE, ZH), "2天3时");
  assert.equal(length(-5, ZH), "0秒");
});

test("bands: broken at the moment itself, less than an hour, today in the zone, later, none", () => {
  assert.equal(bandOf(NINE, false, NINE, ZONE), "late");
  assert.equal(bandOf(NINE + DAY, true, NINE, ZONE), "late");
  assert.equal(bandOf(NINE + HOUR - 1, false, NINE, ZONE), "soon");
  assert.equal(bandOf(NINE + HOUR, false, NINE, ZONE), "today");
  assert.equal(bandOf(Date.parse("2026-03-02T23:59:59+08:00"), false, NINE, ZONE), "today");
  assert.equal(bandOf(Date.parse("2026-03-03T00:00:00+08:00"), false, NINE, ZONE), "later");
  assert.equal(bandOf(undefined, false, NINE, ZONE), "none");
});

test("a day ends at the zone's own midnight, also the one that has 23 hours", () => {
  assert.equal(dayEnd(NINE, ZONE), Date.parse("2026-03-03T00:00:00+08:00"));
  assert.equal(dayEnd(Date.parse("2026-03-08T12:00:00-04:00"), "America/New_York"), Date.parse("2026-03-09T00:00:00-04:00"));
  assert.equal(dayEnd(Date.parse("2026-03-02T23:59:59.999+08:00"), ZONE), Date.parse("2026-03-03T00:00:00+08:00"));
});

test("what is typed as a moment is meant in the zone, also where clocks are put forward", () => {
  assert.equal(instantOf("2026-03-02T09:00", ZONE), NINE);
  assert.equal(instantOf(inputOf(NINE, ZONE), ZONE), NINE);
  assert.equal(instantOf("2026-03-08T03:30", "America/New_York"), Date.parse("2026-03-08T03:30:00-04:00"));
  assert.equal(instantOf("2026-03-08T01:30", "America/New_York"), Date.parse("2026-03-08T01:30:00-05:00"));
});
