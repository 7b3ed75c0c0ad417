import assert from "node:assert/strict";
import test from "node:test";
import { fitted, photoOf, photoPath } from "../src/lib/photos.ts";

test("a picture is made smaller, never larger, and keeps its shape", () => {
  for (const [given, wanted] of [
    [[4032, 3024], [1600, 1200]], [[3024, 4032], [1200, 1600]], [[1600, 1600], [1600, 1600]], [[12, 8], [12, 8]],
    [[20000, 3], [1600, 1]], [[1601, 1600], [1600, 1599]],
  ] as const) {
    assert.deepEqual(fitted(given[0], given[1]), [...wanted]);
  }
});

test("only a picture that is kept is shown as one", () => {
  const name = "0123456789abcdef".repeat(4);
  assert.equal(photoOf(`photo:${name}`), name);
  for (const other of ["photo:1", `photo:${name}0`, `photo:${name.toUpperCase()}`, `photo:${name}/../x`, `x photo:${name}`, `video:${name}`, "https://x.test/1"]) {
    assert.equal(photoOf(other), null, other);
  }
  assert.equal(photoPath("a-1", name), `/v1/tickets/a-1/photos/${name}`);
});
