import assert from "node:assert/strict";
import test from "node:test";
import { roomFor, viewAt, wallOf } from "../src/lib/wall.ts";

const wall = (query: string) => wallOf(new URLSearchParams(query));

test("a wall is its address", () => {
  assert.deepEqual(wall("views=all,overdue&rotate=30&kiosk"), { views: ["all", "late"], rotate: 30, isKiosk: true });
  assert.deepEqual(wall(""), { views: ["all", "late"], rotate: 30, isKiosk: false });
  assert.deepEqual(wall("views=whistle, late,late,nonsense&rotate=0"), { views: ["whistle", "late"], rotate: 0, isKiosk: false });
  assert.deepEqual(wall("views=nonsense").views, ["all", "late"]);
  for (const [given, rotate] of [["1", 5], ["99999", 3600], ["-3", 0], ["soon", 0]] as const) assert.equal(wall(`rotate=${given}`).rotate, rotate, given);
});

test("each view stands in turn, as long as is said", () => {
  const three = wall("views=all,late,whistle&rotate=10");
  assert.deepEqual([0, 9_999, 10_000, 20_000, 30_000].map((at) => viewAt(three, at)), ["all", "all", "late", "whistle", "all"]);
  assert.equal(viewAt(wall("views=late,all&rotate=0"), 1e9), "late");
});

test("as many rows as have room", () => {
  assert.equal(roomFor(1080, 340, 92), 8);
  assert.equal(roomFor(200, 340, 92), 3);
});
