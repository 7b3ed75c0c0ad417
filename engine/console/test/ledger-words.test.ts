import assert from "node:assert/strict";
import test from "node:test";
import { inChinese, inEnglish } from "../src/lib/ledger-words.ts";

const word = { word: (list: string, code: string): string => `${list}.${code}`, has: () => false };
const MARKS: Record<string, string> = { "mark.is": "：", "mark.between": "；", "mark.not": "未选", "mark.among": "、", "truth.None": "无", "event.TicketFiled": "立案：{category}，派给{party}" };
const LISTS = ["told", "event", "passed", "why", "apart", "rule_kind"];
/** As the console has it: what is in no list stands as it is. */
const said = {
  has: (list: string, code: string): boolean => LISTS.includes(list) && /^[a-z_]+$|^TicketFiled$/.test(code),
  word: (list: string, code: string): string => MARKS[`${list}.${code}`] ?? (said.has(list, code) ? `<${code}>` : code),
};

test("a reckoning is told in Chinese with every figure of it", () => {
  const told = {
    "resolve 0: limit 8 h 30 min of working time; 80 % of it is 6 h 48 min": "clock.resolve 0：时限 8小时30分（工作时间）；其 80 % 为 6小时48分",
    "leg 1: limit 8 h of day and night (4 h, extended 1 times); 100 % of it is 8 h": "clock.leg 1：时限 8小时（自然时间），原为 4小时，延期 1 次；其 100 % 为 8小时",
    "  2026-03-02 09:00 to 12:00: 3 h, together 3 h": "  2026-03-02 09:00 至 12:00：3小时，累计 3小时",
    "it stands (parked), with 1 min 0.250 s consumed": "暂停（pause.parked），已用 1分0.250秒",
    "reached 2026-03-02 15:00 Asia/Shanghai": "到期：2026-03-02 15:00 Asia/Shanghai",
    "worked out again: the split names residents — DISAGREES": "重新推算：分流结果：party.residents——与原决定不一致",
    "at 2026-03-02 09:00 by command accept of desk:desk-1 (c-1)": "2026-03-02 09:00，起因：指令“command.accept”，actor.desk:desk-1（c-1）",
  };
  for (const [line, wanted] of Object.entries(told)) assert.equal(inChinese(line, word), wanted);
});

test("what is not known stands as it was written", () => {
  const known = { word: (_: string, code: string): string => code, has: () => false };
  for (const line of ["wall: inside", "a newer engine says: x", "NothingKnown x 1"]) assert.equal(inChinese(line, known), line);
});

test("what happened is its sentence, and the facts that are not in it stand behind", () => {
  const line = "TicketFiled category bins_full, counted split, eligible residents, specialist, party residents";
  assert.equal(inChinese(line, said), "立案：bins_full，派给residents；<counted>：<split>；<eligible>：residents、specialist");
  assert.equal(inChinese("TicketFiled", said), "立案：无，派给无");
  assert.equal(inEnglish("  not residents: skill_missing", said), "  未选residents：<skill_missing>");
  assert.equal(inEnglish("rule category:bins_full", said), "<category>：bins_full");
  assert.equal(inEnglish("reached 2026-03-02 15:00", said), "reached 2026-03-02 15:00");
});
