import assert from "node:assert/strict";
import test from "node:test";
import type { Named, Row } from "../src/api/model.ts";
import { MOST, guessesFor, lately, piecesOf } from "../src/lib/guesses.ts";

const row = (more: Partial<Row>): Row =>
  ({ id: "a", version: 1, home: "h", status: "received", person: "p", duty: "desk", task: "triage", received_at: 0, ...more }) as Row;
const name = (code: string, label: string, label_zh: string): Named => ({ code, label, label_zh });
const CATEGORIES = [name("bins_full", "Bins overflowing", "垃圾满溢"), name("noise", "Noise", "噪声扰民"), name("road_pit", "Road collapse", "路面塌陷"), name("road_dust", "Dust on roads", "道路扬尘")];
const HOMES = [name("tawan", "Tawan Community", "塔湾社区"), name("boaijie", "Bo'ai Street Community", "博爱街社区")];
const codes = (found: { code: string }[]) => found.map((one) => one.code);
const guesses = (more: Partial<Row>, ...open: Row[]) => guessesFor(row(more), CATEGORIES, HOMES, open);

test("texts are compared by pairs of characters and by words", () => {
  assert.deepEqual([...piecesOf("塔湾街 12号 Bins")], ["塔湾", "湾街", "号", "bins"]);
});

test("a category is guessed by its own words, and by what the like was filed as", () => {
  assert.equal(codes(guesses({ text: "楼下垃圾满溢三天了" }).category)[0], "bins_full");
  assert.equal(codes(guesses({ text: "noise at night" }).category)[0], "noise");
  const like = row({ id: "b", text: "半夜施工吵得睡不着", category: "noise" });
  assert.deepEqual(codes(guesses({ text: "工地半夜施工吵得睡不着" }, like).category), ["noise"]);
  assert.deepEqual(guesses({ text: "有问题" }).category, []);
});

test("a place is guessed by names, where what all names have says nothing, and by like addresses", () => {
  assert.equal(codes(guesses({ address: "塔湾街 12 号院" }).place)[0], "tawan");
  assert.deepEqual(guesses({ address: "某某社区" }).place, []);
  const near = row({ id: "b", address: "南关街与顺城街口", leaf: "nanguan-1" });
  assert.deepEqual(codes(guesses({ address: "顺城街口南关街" }, near).place), ["nanguan-1"]);
});

test("what has the same words at the same address may be the same; what every report says is no likeness", () => {
  const same = (n: number) => row({ id: `t-${n}`, text: "路灯不亮三天了", address: "塔湾街 12 号" });
  assert.equal(guesses({ text: "路灯不亮三天了", address: "塔湾街12号" }, same(1), same(2)).same.length, 2);
  assert.deepEqual(guesses({ text: "井盖丢失" }, same(1)).same, []);
  const many = Array.from({ length: 40 }, (_, n) => row({ id: `r-${n}`, text: `demonstration report ${n}`, address: "somewhere" }));
  assert.deepEqual(guesses({ text: "demonstration report 99", address: "somewhere" }, ...many).same, []);
  assert.ok(guesses({ text: "路灯不亮" }, same(1), same(2), same(3), same(4)).same.length <= MOST);
});

test("the latest are compared with, and what is held is none", () => {
  const open = Array.from({ length: 500 }, (_, n) => row({ id: `t-${n}`, received_at: n, ...(n === 499 ? { status: "held" } : {}) }));
  const found = lately(open);
  assert.equal(found.length, 300);
  assert.equal(found[0]!.id, "t-498");
});
