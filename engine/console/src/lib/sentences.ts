/** What a decision's facts say, in people's words. */
import type { EventTold, Happened } from "../api/model.ts";
import { categoryName, departmentName, dutyName, homeName, personName, tierName, zone } from "../api/session.ts";
import { t, units, word } from "../i18n/index.ts";
import { engineNow } from "../live/clock.ts";
import { length, moment } from "./time.ts";

/** `chief:chief-1` as the post and the name of somebody. */
export function actorName(actor: string | null | undefined): string {
  if (!actor) return t("by_clock");
  const [role, person] = actor.includes(":") ? actor.split(":", 2) : ["", actor];
  const name = personName(person);
  return role ? `${word("role", role)} ${name}` : name;
}

type Say = (value: unknown) => string;

const text: Say = (value) => (value === null || value === undefined ? t("none") : String(value));
const of = (say: (code: string) => string): Say => (value) => (value === null || value === undefined ? t("none") : say(String(value)));
const many = (say: (code: string) => string): Say => (value) => (Array.isArray(value) ? value.map((one) => say(String(one))).join(t("comma")) : text(value));
const yes: Say = (value) => t(value === true ? "yes" : value === false ? "no" : "none");
const when: Say = (value) => (typeof value === "number" ? moment(value, engineNow(), zone()) : text(value));
const long: Say = (value) => (typeof value === "number" ? length(value, units()) : text(value));

const SAYS: Record<string, Say> = {
  person: of(personName), by: of(actorName), told: many(personName), helpers: many(personName),
  party: of(dutyName), former: of(dutyName), tier: of(tierName), from_tier: of(tierName), to_tier: of(tierName),
  starts_at: of(tierName), lead: of(departmentName), departments: many(departmentName), code: of(departmentName),
  category: of(categoryName), to: of(homeName), urgency: of((code) => word("urgency", code)),
  clock: of((code) => word("clock", code)), how: of((code) => word("offer_end", code)), what: of((code) => word("asked", code)),
  case: of((code) => word("case", code)), cause: of((code) => word("why", code)), committee: of((code) => word("role", code)),
  until: when, due_at: when, late_by_ms: long, limit_ms: long, by_ms: long, satisfied: yes, is_so: yes, agrees: yes,
};

/** One event as a sentence of the catalogue, its facts filled in. */
export function sentence(event: EventTold): string {
  const filled: Record<string, string> = {};
  for (const [name, value] of Object.entries(event.facts ?? {})) filled[name] = (SAYS[name] ?? text)(value);
  return t(`event.${event.type}`, filled);
}

const QUIET = new Set(["TaskDispatched", "SenderAnswered", "FollowersTold"]);

/** The sentences of a decision; what only machines tell each other is left out. */
export function sentences(one: Happened): string[] {
  const events = one.events.filter((event) => !QUIET.has(event.type) && event.facts != null);
  if (events.length > 0) return events.map(sentence);
  if (one.command) return [word("command", one.command)];
  return [word("why", one.reason)];
}

/** What people wrote with it. */
export function wordsOf(one: Happened): { reason: string; text: string; proof: string[] } {
  const said = one.said ?? {};
  const proof = said["proof"];
  return {
    reason: typeof said["reason"] === "string" ? said["reason"] : "",
    text: typeof said["text"] === "string" ? said["text"] : "",
    proof: Array.isArray(proof) ? proof.map(String) : [],
  };
}
