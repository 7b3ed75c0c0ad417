/** The law's own reckoning and explanation, written for a terminal in English, as the console's reader reads it. What no
 * pattern knows stands as it was written: nothing of a reckoning is left out. Pure. */
import { factLine, type Words } from "./fact-words.ts";

type Lists = Pick<Words, "word" | "has">;
type Say = (found: readonly string[], said: Lists) => string;

const UNIT: Record<string, string> = { h: "小时", min: "分", s: "秒" };

/** `6 h 24 min` as `6小时24分`. */
const spans = (text: string): string => text.replace(/(-?\d+(?:\.\d+)?) (h|min|s)\b ?/g, (_, n: string, unit: string) => `${n}${UNIT[unit]}`).trim();
const TIME: Record<string, string> = { "working time": "工作时间", "day and night": "自然时间" };
const AMOUNT: Record<string, string> = { minute: "分钟", urgent_hour: "小时（全天计）", urgent_day: "天（全天计）", work_hour: "工作小时", work_day: "个工作日" };
const CAUSE: Record<string, string> = { incident: "新诉求", command: "指令", clock: "计时到期", held: "搁置" };
const FIELD: Record<string, string> = { reason: "理由", text: "说明", proof: "佐证" };

const SAYS: readonly (readonly [RegExp, Say])[] = [
  [/^rule (.+)$/, ([, id]) => `规则 ${id}`],
  [/^worked out again: (.+?)( — DISAGREES)?$/, ([, said, bad], lists) => `重新推算：${inChinese(said!, lists)}${bad ? "——与原决定不一致" : ""}`],
  [/^by pack (\S+), calendar (\S+), grid (\S+), roster (\S+)$/, ([, pack, calendar, grid, roster]) => `依据：规则包 ${pack}，日历 ${calendar}，网格 ${grid}，花名册 ${roster}`],
  [/^at (.+) by (incident|command|clock|held)(?: (\S+) of (\S+) \((.*)\))?$/, ([, at, cause, kind, actor, id], { word }) => `${at}，起因：${CAUSE[cause!]}${kind ? `“${word("command", kind)}”，${word("actor", actor!)}（${id}）` : ""}`],
  [/^said with it, (reason|text|proof): (.*)$/s, ([, field, text]) => `附${FIELD[field!]}：${text}`],
  [/^first decided as (.+)$/, ([, id]) => `首次决定：${id}`],
  [/^not vouched for: who could take it goes by roster (\S+), whose changes have aged away$/, ([, roster]) => `无法核对：可承接的人依据花名册 ${roster}，其变更记录已过保存期`],
  [/^generation (\d+)$/, ([, n]) => `第 ${n} 轮`],
  [/^the limit is (\d+) (\S+)$/, ([, n, unit]) => `时限为 ${n} ${AMOUNT[unit!] ?? unit}`],
  [/^(\S+) stands above (\S+) in (.+)$/, ([, to, from, ladder], { word }) => `${word("tier", to!)} 在 ${word("tier", from!)} 之上（${ladder!.split(" -> ").map((one) => word("tier", one)).join(" → ")}）`],
  [/^(\S+) stands below (\S+): moved down by (\S+)$/, ([, to, from, by], { word }) => `${word("tier", to!)} 在 ${word("tier", from!)} 之下：由${word("role", by!)}下移`],
  [/^(\d+) % of (\S+) is due (.+)$/, ([, share, clock, at], { word }) => `${word("clock", clock!)}的 ${share} % 到期于 ${at === "never" ? "（无）" : at}`],
  [/^no clock (\S+)\/(\S+) was running$/, ([, clock, n], { word }) => `没有在走的计时：${word("clock", clock!)} ${n}`],
  [/^the pack knows no category (.+)$/, ([, code], { word }) => `规则包中没有类别 ${word("category", code!)}`],
  [/^eligible are (.+)$/, ([, who], { word }) => `符合条件：${who!.split(", ").map((one) => word("party", one)).join("、")}`],
  [/^the split names (.+)$/, ([, who], { word }) => `分流结果：${word("party", who!)}`],
  [/^(\S+) ends at a fixed moment: (.+)$/, ([, clock, at], { word }) => `${word("clock", clock!)}：固定时刻 ${at}`],
  [
    /^(\S+) (\S+): limit (.+?) of (working time|day and night)(?: \((.+), extended (\d+) times\))?; (\d+) % of it is (.+)$/,
    ([, clock, n, limit, time, first, times, share, part], { word }) =>
      `${word("clock", clock!)} ${n}：时限 ${spans(limit!)}（${TIME[time!]}）${times ? `，原为 ${spans(first!)}，延期 ${times} 次` : ""}；其 ${share} % 为 ${spans(part!)}`,
  ],
  [/^it stands(?: \((.+)\))?, with (.+) consumed$/, ([, why, used], { word }) => `暂停${why ? `（${word("pause", why)}）` : ""}，已用 ${spans(used!)}`],
  [/^consumed before (.+): (.+); left (.+)$/, ([, at, used, left]) => `${at} 之前已用 ${spans(used!)}；剩 ${spans(left!)}`],
  [/^beyond_horizon: the working days after (.+) are not known$/, ([, at]) => `${at} 之后的工作日尚未公布`],
  [/^a reminder waits for working time: (.+)$/, ([, at]) => `提醒顺延至工作时间：${at}`],
  [/^reached (.+)$/, ([, at]) => `到期：${at}`],
  [/^… (\d+) more stretches until (.+): (.+)$/, ([, n, at, sum]) => `……另有 ${n} 段，至 ${at}：${spans(sum!)}`],
  [/^(\d{4}-.+) to (.+): (.+), together (.+)$/, ([, from, to, one, sum]) => `${from} 至 ${to}：${spans(one!)}，累计 ${spans(sum!)}`],
];

const INDENT = /^\s*/;

/** In English the law's sentences stand as they are; codes and names of facts are said in words. */
export function inEnglish(line: string, said: Lists): string {
  const indent = INDENT.exec(line)![0];
  return indent + (factLine(line.slice(indent.length), { ...said, amount: String }) ?? line.slice(indent.length));
}

export function inChinese(line: string, said: Lists): string {
  const indent = INDENT.exec(line)![0];
  const text = line.slice(indent.length);
  const fact = factLine(text, { ...said, amount: spans });
  if (fact !== null) return indent + fact;
  for (const [pattern, say] of SAYS) {
    const found = pattern.exec(text);
    if (found !== null) return indent + say(found, said);
  }
  return line;
}
