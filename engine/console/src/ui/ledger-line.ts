/** A line of the law's reckoning in the reader's language. */
import { has, lang, word } from "../i18n/index.ts";
import { inChinese, type Word } from "../lib/ledger-words.ts";

const say: Word = (list, code) => (has(`${list}.${code}`) ? word(list, code) : code);

export const ledgerLine = (line: string): string => (lang.value === "zh" ? inChinese(line, say) : line);
