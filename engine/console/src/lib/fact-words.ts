/** Lines of an explanation that hold facts (what happened, what the law looked at, who was passed over) in the reader's
 * language. Names, codes and events are closed lists with a word each; what people wrote stands as it was. Pure. */

/** Says a code of one of the law's lists, or of the pack's; one that is in none stands as it is. */
export type Word = (list: string, code: string) => string;

/** All that a line is said with. */
export interface Words {
  word: Word;
  /** Whether a list has a code. */
  has: (list: string, code: string) => boolean;
  /** Says an amount as the language writes it. */
  amount: (text: string) => string;
}

/** Fact -> the list its value is of. */
const OF: Record<string, string> = {
  party: "party", former: "party", eligible: "party", tier: "tier", from_tier: "tier", to_tier: "tier", starts_at: "starts",
  lead: "department", code: "department", department: "department", departments: "department", category: "category",
  person: "person", helpers: "person", told: "person", by: "actor", grid: "grid", to: "grid", urgency: "urgency",
  clock: "clock", how: "offer_end", what: "asked", case: "case", committee: "role", role: "child_role", counted: "apart",
  unit: "unit_kind", limit_unit: "unit_kind", former_unit: "unit_kind", placed_by: "placed_by", cause: "move_cause",
  ladder: "ladder", reason: "close", of: "person",
};

/** What only machines tell each other is told in short: the task itself stands on the department's topic. */
const IN_SHORT: Record<string, readonly string[]> = {
  TaskDispatched: ["department", "role", "deadline", "case"],
  SenderAnswered: ["department", "reason"],
  DutySet: [],
};

function valueOf(name: string, text: string, { word, amount }: Words): string {
  if (text === "True" || text === "False") return word("truth", text);
  const by = /^manual-(\d+)$/.exec(text);
  if (name === "cause" && by !== null) return word("move_cause", "manual");
  const list = OF[name];
  if (list === undefined) return amount(text);
  return text
    .split(", ")
    .map((one) => word(list, one))
    .join(word("mark", "among"));
}

/** `a 1, b x, y` as its facts; they stand in the order of the alphabet, and every name has a word. */
export function factsIn(text: string, { has }: Words): [string, string][] {
  const found: [string, string][] = [];
  for (const piece of text.split(", ")) {
    const [, name, value] = /^([a-z_0-9]+) ([\s\S]*)$/.exec(piece) ?? [];
    const last = found.at(-1);
    if (name !== undefined && has("told", name) && (last === undefined || name > last[0])) found.push([name, value!]);
    else if (last !== undefined) last[1] += `, ${piece}`;
    else found.push(["", piece]);
  }
  return found;
}

function happened(type: string, text: string, words: Words): string {
  const { word } = words;
  const all = text === "" ? [] : factsIn(text, words);
  const facts = IN_SHORT[type] === undefined ? all : all.filter(([name]) => IN_SHORT[type]!.includes(name));
  const filled = new Set<string>();
  const said = word("event", type).replace(/\{(\w+)\}/g, (_, name: string) => {
    const short = name.replace(/_ms$/, "");
    filled.add(short);
    const value = facts.find(([one]) => one === short)?.[1];
    return value === undefined ? word("truth", "None") : valueOf(short, value, words);
  });
  const rest = facts.filter(([name]) => !filled.has(name));
  return [said, ...rest.map(([name, value]) => told(name, value, words))].join(word("mark", "between"));
}

const told = (name: string, value: string, words: Words): string => {
  const { word } = words;
  return `${name === "" ? "" : `${word("told", name)}${word("mark", "is")}`}${valueOf(name, value, words)}`;
};

const REFUSED = /^not ([^:]+): (.+)$/;
const RULE = /^rule (category|rule|rule_error|alike):(.+)$/;

/** Rules of the law itself: `law6:accept`, `law4:resolve.80`. */
const LAW = /^rule law(\d):([a-z_]+)(?:\.(\d+))?$/;

/** Say such a line; `null`: it is none. */
export function factLine(line: string, words: Words): string | null {
  const { word, has } = words;
  const refused = REFUSED.exec(line);
  if (refused !== null) {
    const [, who, why] = refused;
    const reason = has("passed", why!) ? word("passed", why!) : has("offer_end", why!) ? word("offer_end", why!) : word("why", why!);
    return `${word("mark", "not")}${word("party", who!)}${word("mark", "is")}${reason}`;
  }
  const rule = RULE.exec(line);
  if (rule !== null) return `${word("rule_kind", rule[1]!)}${word("mark", "is")}${rule[1] === "category" ? word("category", rule[2]!) : rule[2]}`;
  const article = LAW.exec(line);
  if (article !== null) {
    const [, law, what, share] = article;
    const list = ["command", "clock"].find((one) => has(one, what!)) ?? "command";
    return `${word("rule_kind", `law${law}`)}${word("mark", "is")}${word(list, what!)}${share === undefined ? "" : ` ${share} %`}`;
  }
  const event = /^([A-Z][A-Za-z]+)(?: ([\s\S]*))?$/.exec(line);
  if (event !== null && has("event", event[1]!)) return happened(event[1]!, event[2] ?? "", words);
  const fact = /^([a-z_]+): ([\s\S]*)$/.exec(line);
  if (fact !== null && has("told", fact[1]!)) return told(fact[1]!, fact[2]!, words);
  return null;
}
