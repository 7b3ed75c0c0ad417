import assert from "node:assert/strict";
import test from "node:test";
import { inChinese } from "../src/lib/ledger-words.ts";

const word = (list: string, code: string): string => `${list}.${code}`;

test("a reckoning is told in Chinese with every figure of it", () => {
  const told = {
    "resolve 0: limit 8 h 30 min of working time; 80 % of it is 6 h 48 min": "clock.resolve 0：时限 8小时30分（工作时间）；其 80 % 为 6小时48分",
    "leg 1: limit 8 h of day and night (4 h, extended 1 times); 100 % of it is 8 h": "clock.leg 1：时限 8小时（自然时间），原为 4小时，延期 1 次；其 100 % 为 8小时",
    "  2026-03-02 09:00 to 12:00: 3 h, together 3 h": "  2026-03-02 09:00 至 12:00：3小时，累计 3小时",
    "it stands (parked), with 1 min 0.250 s consumed": "暂停（pause.parked），已用 1分0.250秒",
    "reached 2026-03-02 15:00 Asia/Shanghai": "到期：2026-03-02 15:00 Asia/Shanghai",
    "worked out again: the split names residents — DISAGREES": "重新推算：分流结果：residents——与原决定不一致",
    "not residents: not_on_duty": "未选 residents：why.not_on_duty",
    "at 2026-03-02 09:00 by command accept of desk:desk-1 (c-1)": "2026-03-02 09:00，起因：指令“command.accept”，desk:desk-1（c-1）",
  };
  for (const [line, wanted] of Object.entries(told)) assert.equal(inChinese(line, word), wanted);
});

test("what is not known stands as it was written", () => {
  assert.equal(inChinese("wall: inside", word), "wall: inside");
  assert.equal(inChinese("a newer engine says: x", word), "a newer engine says: x");
});
