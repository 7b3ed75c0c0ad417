/** Somebody else was faster: what is different now, beside what one was looking at. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { TicketTold } from "../api/model.ts";
import { departmentName, dutyName, personName, tierName, zone } from "../api/session.ts";
import { named, t, word } from "../i18n/index.ts";
import { moment } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Icon } from "./icon.tsx";

interface Conflict {
  id: string;
  before: TicketTold;
}

/** The ticket as it was when somebody's command came too late. */
export const conflict = signal<Conflict | null>(null);

const text = (value: unknown): string => (value === null || value === undefined || value === "" ? t("none") : String(value));

function lines(told: TicketTold): Record<string, string> {
  const ticket = told.ticket;
  const due = ticket["deadline_at"];
  return {
    "col.state": word("status", String(ticket["status"])),
    "fact.holder": `${told.holder.tier ? `${tierName(told.holder.tier)} · ` : ""}${dutyName(told.holder.duty)} · ${personName(told.holder.person)}`,
    "fact.task": word("task", told.holder.next),
    "facet.category": told.category ? named(told.category) : t("no_category"),
    "facet.urgency": word("urgency", ticket["urgency"] as string | undefined),
    deadline: typeof due === "number" ? moment(due, engineNow(), zone()) : t("none"),
    "fact.address": text(told.place.address),
    children: told.children.map((one) => `${departmentName(text(one["code"]))} ${word("child", text(one["status"]))}`).join(t("comma")) || t("none"),
  };
}

export function Difference({ told }: { told: TicketTold }) {
  useEffect(() => () => void (conflict.value = null), []);
  const found = conflict.value;
  if (found === null || found.id !== told.id || told.version <= found.before.version) return null;
  const [before, after] = [lines(found.before), lines(told)];
  const changed = Object.keys(after).filter((name) => before[name] !== after[name]);
  return (
    <section class="card difference" aria-label={t("difference")} data-test="difference">
      <header class="card-head">
        <h2>{t("difference")}</h2>
        <span class="grow" />
        <button type="button" class="quiet" onClick={() => (conflict.value = null)} aria-label={t("close")}>
          <Icon name="cross" />
        </button>
      </header>
      {changed.length === 0 && <p>{t("difference.none", { before: found.before.version, after: told.version })}</p>}
      <dl class="facts">
        {changed.map((name) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd>
              <del>{before[name]}</del> <Icon name="arrow" /> <ins>{after[name]}</ins>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
