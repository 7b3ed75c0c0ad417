import assert from "node:assert/strict";
import test from "node:test";
import type { Row } from "../src/api/model.ts";
import { Hub, type Batch } from "../src/live/hub.ts";

class Stream {
  static last: Stream;
  readyState = 1;
  onerror = () => {};
  private readonly told = new Map<string, (event: { data: string; lastEventId: string }) => void>();
  constructor(readonly address: string) {
    Stream.last = this;
  }
  addEventListener(name: string, then: (event: { data: string; lastEventId: string }) => void): void {
    this.told.set(name, then);
  }
  say(name: string, data: unknown): void {
    this.told.get(name)?.({ data: JSON.stringify(data), lastEventId: "" });
  }
  close(): void {}
}

const row = (n: number): Row =>
  ({ id: `t-${n}`, version: 1, home: "h", status: "offered", person: "p", duty: "d", task: "accept", received_at: 0, deadline_at: n }) as Row;

test("the first rows are handed on by themselves and at once; nothing that follows is waited for", async () => {
  globalThis.EventSource = Stream as unknown as typeof EventSource;
  globalThis.setInterval = (() => 0) as unknown as typeof setInterval; // it looks for silence for ever, and the test would not end
  const got: Batch[] = [];
  const hub = new Hub();
  hub.add({ send: (batch) => got.push(batch) }, "person:chief:chief-1");
  assert.equal(new URLSearchParams(Stream.last.address.split("?")[1]).get("first"), "200");
  Stream.last.say("snapshot", { rows: [row(1), row(2)], more: true, now: 5, speed: 1 });
  await new Promise((done) => setTimeout(done, 0));
  assert.equal(got.length, 1, "handed on with the next turn, however long changes are gathered");
  const parts = got[0]!.heard.filter((one) => one.type === "part");
  assert.deepEqual(parts.map((one) => one.rows.length), [2]);
  assert.ok(got[0]!.heard.some((one) => one.type === "ping"), "with the engine's time, by which its limits are told");
  Stream.last.say("rows", { rows: [row(3)], more: false, now: 5, speed: 1 });
  await new Promise((done) => setTimeout(done, 0));
  assert.deepEqual(got[1]!.heard.map((one) => one.type), ["part", "ping", "standing"]);
});
