/** What else there is at a ticket's place, and what it may be the same as: two reports are looked at side by side. */
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import type { Brief, Happened, TicketTold } from "../api/model.ts";
import { categoryName, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { ticketAddress } from "../lib/route.ts";
import { moment } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Link } from "./link.tsx";

const SHOWN = 6;

/** Likely duplicates as they were proposed, the likeliest first: ticket -> score. */
export function proposedIn(past: readonly Happened[]): [string, number][] {
  const found = new Map<string, number>();
  for (const event of past.flatMap((one) => one.events)) {
    if (event.type !== "DuplicateProposed" || !event.facts) continue;
    const of = event.facts["of"];
    const score = event.facts["score"];
    if (typeof of === "string" && typeof score === "number") found.set(of, Math.max(score, found.get(of) ?? 0));
  }
  return [...found].sort((a, b) => b[1] - a[1]);
}

function Line({ one, score }: { one: Brief; score?: number }) {
  return (
    <li>
      <Link to={ticketAddress(one.id)} class="id">
        {one.id}
      </Link>{" "}
      {categoryName(one.category) || t("no_category")} · {word("status", one.status)} · {moment(one.received_at, engineNow(), zone())}
      {score !== undefined && ` · ${t("place.score", { n: score })}`}
      {(one.text || one.address) && (
        <p class="muted">
          <bdi>{[one.address, one.text].filter(Boolean).join(" · ").slice(0, 200)}</bdi>
        </p>
      )}
    </li>
  );
}

function useFound(path: string, wanted: boolean): Brief[] {
  const [rows, setRows] = useState<Brief[]>([]);
  useEffect(() => {
    let isHere = true;
    if (wanted) ask<{ rows: Brief[] }>(path).then((found) => isHere && setRows(found.rows), () => undefined);
    return () => {
      isHere = false;
    };
  }, [path, wanted]);
  return rows;
}

export function PlaceOf({ told }: { told: TicketTold }) {
  const leaf = told.place.grid.at(-1)?.code ?? "";
  const rows = useFound(`/v1/tickets?place=${encodeURIComponent(leaf)}&limit=${SHOWN + 1}`, leaf !== "").filter((one) => one.id !== told.id);
  if (rows.length === 0) return null;
  return (
    <section class="card" aria-label={t("place.earlier")}>
      <h2>{t("place.earlier")}</h2>
      <ul class="earlier-here" data-test="earlier-here">
        {rows.slice(0, SHOWN).map((one) => (
          <Line key={one.id} one={one} />
        ))}
      </ul>
    </section>
  );
}

function Likely({ id, score }: { id: string; score: number }) {
  const rows = useFound(`/v1/tickets?q=${encodeURIComponent(id)}&limit=1`, true);
  return rows[0] === undefined ? null : <Line one={rows[0]} score={score} />;
}

/** This report beside those that it may be the same as. */
export function Duplicates({ told, past }: { told: TicketTold; past: readonly Happened[] }) {
  const likely = proposedIn(past).slice(0, SHOWN);
  if (likely.length === 0) return null;
  const ticket = told.ticket as Record<string, string | undefined>;
  return (
    <section class="card" aria-label={t("place.duplicates")}>
      <h2>{t("place.duplicates")}</h2>
      <div class="pair">
        <div>
          <b>{t("place.this")}</b>
          <p>
            <bdi>{[told.place.address, ticket["text"]].filter(Boolean).join(" · ").slice(0, 400)}</bdi>
          </p>
        </div>
        <ul data-test="likely">
          {likely.map(([id, score]) => (
            <Likely key={id} id={id} score={score} />
          ))}
        </ul>
      </div>
    </section>
  );
}
