/** Who reported: what may be asked, when a number is worth a question, and what was answered as lines. Pure. */

/** For what a reporter may be shown: the law's closed list. */
export const PURPOSES = ["call_back", "find_place", "survey", "inspection", "request_of_person", "emergency"] as const;
export type Purpose = (typeof PURPOSES)[number];

const TALK_TO_CALLERS = ["desk", "chief", "centre"];

/** Whether a role may ask by a number: whoever talks to people that call. */
export const mayAskByNumber = (role: string | null | undefined): boolean => TALK_TO_CALLERS.includes(role ?? "");

/** The digits of a number that is typed, once it is complete; `null`: not yet. Each question counts against a day's quota,
 * so that a mobile number is waited for to its eleventh digit, and one with an area code likewise. */
export function completeNumber(typed: string): string | null {
  const digits = typed.normalize("NFKC").replace(/[^0-9]/g, "");
  const own = digits.replace(/^(00)?86(?=1[3-9])/, "");
  const wanted = /^(1[3-9]|0)/.test(own) ? 11 : 7;
  return own.length >= wanted && own.length <= 20 ? own : null;
}

export interface Revealed {
  reporter: Record<string, unknown> | null;
  masked?: Record<string, unknown> | null;
}

export interface Line {
  list: "who" | "original";
  key: string;
  value: string;
}

const plain = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value));

/** What was sealed, a line each: who it is, then the texts as they were before something in them was masked. */
export function linesOf(found: Revealed): Line[] {
  const lines = (list: Line["list"], of: Record<string, unknown> | null | undefined): Line[] =>
    Object.entries(of ?? {}).flatMap(([key, value]) => (value === null || value === "" ? [] : [{ list, key, value: plain(value) }]));
  return [...lines("who", found.reporter), ...lines("original", found.masked)];
}
