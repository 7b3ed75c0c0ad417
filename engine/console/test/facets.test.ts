import assert from "node:assert/strict";
import test from "node:test";
import type { Pack, Row } from "../src/api/model.ts";
import { listed, ofLaw } from "../src/lib/facet-values.ts";
import { bodyOf } from "../src/lib/command-body.ts";
import { counted, filterOf, passes, queryOf, stands, toggled } from "../src/lib/facets.ts";

const seen = { now: 1_000_000_000, zone: "Asia/Shanghai", person: "p1", role: "chief" };
const row = (more: Partial<Row>): Row =>
  ({ id: "a", version: 1, home: "h", status: "offered", person: "p1", duty: "d", task: "accept", received_at: 0, ...more }) as Row;
const ROWS = [
  row({ id: "a", tier: "grid", party: "residents", category: "bins", text: "垃圾桶满了" }),
  row({ id: "b", tier: "grid", party: "specialist", category: "noise", person: "p2" }),
  row({ id: "c", tier: "street", party: "residents", category: "bins", is_overdue: true }),
];

test("a count says what a click on it would show", () => {
  const filter = filterOf("all", new URLSearchParams("tier=grid&party=residents"));
  const counts = counted(ROWS, filter, seen);
  for (const facet of ["tier", "party", "category", "band"] as const) {
    for (const [value, n] of counts[facet]) {
      const only = { ...filter, chosen: { ...filter.chosen, [facet]: [value] } };
      assert.equal(n, ROWS.filter((one) => passes(one, only, seen)).length, `${facet} ${value}`);
    }
  }
  assert.equal(counts.party.get("specialist"), 1);
  assert.equal(counts.tier.get("street"), 1);
});

test("a view is its address and comes back from it", () => {
  const filter = toggled(toggled(filterOf("mine", new URLSearchParams("q=垃圾 满")), "tier", "grid"), "tier", "street");
  assert.deepEqual(filterOf("mine", new URLSearchParams(queryOf(filter))), filter);
  assert.equal(queryOf(toggled(toggled(filterOf("mine", new URLSearchParams()), "dept", "x"), "dept", "x")), "");
});

test("what each view shows", () => {
  assert.ok(stands("mine", ROWS[0]!, seen) && !stands("mine", ROWS[1]!, seen));
  assert.ok(stands("late", ROWS[2]!, seen) && !stands("late", ROWS[0]!, seen));
  assert.ok(stands("approval", row({ waits_for: { what: "extend", roles: ["chief"] } } as Partial<Row>), seen));
  assert.ok(!stands("approval", row({ waits_for: { what: "extend", roles: ["centre"] } } as Partial<Row>), seen));
  assert.ok(stands("not_begun", row({ status: "accepted" }), seen));
  assert.ok(!stands("not_begun", row({ status: "accepted", filed_at: seen.now - 60_000 }), seen));
  assert.ok(passes(ROWS[0]!, filterOf("all", new URLSearchParams("q=垃圾")), seen));
  assert.ok(!passes(ROWS[1]!, filterOf("all", new URLSearchParams("q=垃圾")), seen));
});

test("a form becomes a command's fields, and nothing that was left empty", () => {
  const form = new FormData();
  for (const [name, value] of [["text", " 已清理 "], ["proof", "photo:1\n\n photo:2 "], ["photo", "photo:0"], ["passed", "no"], ["target", ""], ["departments", "a"], ["departments", "b"], ["until", "2026-03-02T09:00"]] as const) form.append(name, value);
  const fields = ["text", "proof", "passed", "target", "departments", "until", "reason"];
  assert.deepEqual(bodyOf("finish", fields, form, "Asia/Shanghai"), {
    kind: "finish", text: "已清理", proof: ["photo:0", "photo:1", "photo:2"], passed: false, departments: ["a", "b"],
    until: Date.parse("2026-03-02T09:00:00+08:00"),
  });
});

test("a facet lists all that the law has, with its zero; of many those that matter, without moving them", () => {
  const codes = Array.from({ length: 20 }, (_, n) => `c${n}`);
  const pack = {
    categories: codes.map((code) => ({ code })), departments: [{ code: "ranqi" }], parties: [{ code: "residents" }],
    homes: [{ code: "tawan" }, { code: "boaijie" }], grids: [{ code: "tawan", parent: "east" }, { code: "boaijie", parent: "east" }],
    ladders: { default: [{ code: "grid" }], fast: [{ code: "grid" }, { code: "street" }] },
  } as unknown as Pack;
  assert.deepEqual(ofLaw("tier", pack), ["grid", "street"]);
  assert.deepEqual(ofLaw("street", pack), ["east"]);
  assert.deepEqual(ofLaw("dept", pack), ["ranqi"]);
  assert.deepEqual(ofLaw("category", pack), [...codes, ""]);
  const law = ofLaw("category", pack);
  const some = listed(law, new Map([["c19", 5], ["c11", 1]]), new Set(["c12"]), ["c15"], false);
  assert.deepEqual(some.values, ["c0", "c1", "c2", "c3", "c4", "c11", "c12", "c15", "c19"]);
  assert.equal(some.left, 12);
  assert.deepEqual(listed(law, new Map([["c11", 9], ["c19", 8]]), new Set(["c12"]), ["c15"], false).values, some.values);
  assert.deepEqual(listed(law, new Map([["old", 1]]), new Set(), [], true), { values: [...law, "old"], left: 0 });
  assert.deepEqual(listed(ofLaw("leaf", pack), new Map(), new Set(), ["x"], false).values, ["x"]);
});
