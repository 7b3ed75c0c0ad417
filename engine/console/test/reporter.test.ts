import assert from "node:assert/strict";
import test from "node:test";
import { completeNumber, linesOf, mayAskByNumber } from "../src/lib/reporter.ts";

test("a number is worth a question once it is whole, and no step before", () => {
  for (const [typed, number] of [
    ["13900001234", "13900001234"], ["139 0000 1234", "13900001234"], ["+86 139-0000-1234", "13900001234"],
    ["１３９００００１２３４", "13900001234"], ["8765432", "8765432"], ["024-87654321", "02487654321"],
  ] as const) assert.equal(completeNumber(typed), number, typed);
  for (const typed of ["", "王先生", "139", "1390000123", "+86 1390000123", "024-8765", "876543", "1".repeat(21)])
    assert.equal(completeNumber(typed), null, typed);
  const asked = Array.from("13900001234").map((_, n, all) => completeNumber(all.slice(0, n + 1).join("")));
  assert.deepEqual(asked.filter((one) => one !== null), ["13900001234"]);
});

test("whoever talks to callers may ask by a number", () => {
  assert.ok(mayAskByNumber("desk") && mayAskByNumber("chief") && mayAskByNumber("centre"));
  assert.ok(!mayAskByNumber("checker") && !mayAskByNumber(null) && !mayAskByNumber(undefined));
});

test("what was sealed is a line each, and nothing of it is lost", () => {
  assert.deepEqual(linesOf({ reporter: { name: "王", phone: 13900001234, wechat: ["w1"], note: "" }, masked: { text: "请打 13900001234" } }), [
    { list: "who", key: "name", value: "王" }, { list: "who", key: "phone", value: "13900001234" },
    { list: "who", key: "wechat", value: '["w1"]' }, { list: "original", key: "text", value: "请打 13900001234" },
  ]);
  assert.deepEqual(linesOf({ reporter: null }), []);
});
