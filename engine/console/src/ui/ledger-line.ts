/** A line of the law's reckoning in the reader's language. */
import { categoryName, departmentName, dutyName, gridName, personName, tierName } from "../api/session.ts";
import { has, lang, word } from "../i18n/index.ts";
import type { Word } from "../lib/fact-words.ts";
import { inChinese, inEnglish } from "../lib/ledger-words.ts";
import { actorName } from "../lib/sentences.ts";

/** Lists of the pack in force. */
const NAMES: Record<string, (code: string) => string> = {
  party: dutyName, tier: tierName, starts: tierName, department: departmentName, category: categoryName, grid: gridName,
  person: personName, actor: actorName,
};

const say: Word = (list, code) => (has(`${list}.${code}`) ? word(list, code) : (NAMES[list]?.(code) ?? code));

export const ledgerLine = (line: string): string => (lang.value === "zh" ? inChinese : inEnglish)(line, { word: say, has: (list, code) => has(`${list}.${code}`) });
