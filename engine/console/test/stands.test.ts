import assert from "node:assert/strict";
import test from "node:test";
import type { Happened } from "../src/api/model.ts";
import { extensionsIn, standsIn } from "../src/lib/stands.ts";

const happened = (at: string, type: string, facts: Record<string, unknown> = {}): Happened =>
  ({ id: at, at, reason: "done_as_asked", label: "", cause: "command", refused: false, events: [{ type, facts }] }) as unknown as Happened;
const at = (hour: number) => `2026-03-02T${String(hour).padStart(2, "0")}:00:00.000+08:00`;

test("stretches in which time stood have their reasons and ends; the last may be open", () => {
  const past = [
    happened(at(9), "WaitingForReporter"), happened(at(10), "WaitEnded"), happened(at(11), "LimitExtended", { by_ms: 7_200_000 }),
    happened(at(12), "TicketParked"),
  ];
  const found = standsIn(past);
  assert.deepEqual(found.map((one) => [one.why, one.from, one.to]), [
    ["waiting_reporter", Date.parse(at(9)), Date.parse(at(10))], ["parked", Date.parse(at(12)), null],
  ]);
  assert.equal(standsIn([...past, happened(at(13), "TicketUnparked")])[1]!.to, Date.parse(at(13)));
  assert.equal(standsIn([...past, happened(at(14), "TicketClosed")])[1]!.to, Date.parse(at(14)));
  assert.deepEqual(extensionsIn(past), [{ at: Date.parse(at(11)), byMs: 7_200_000 }]);
  assert.deepEqual(standsIn([happened(at(9), "WaitEnded")]), []);
});
