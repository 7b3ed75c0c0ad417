import { useEffect } from "preact/hooks";
import type { ChildRow, Row } from "../api/model.ts";
import { categoryName, placeName } from "../api/session.ts";
import { t } from "../i18n/index.ts";
import { stands } from "../lib/facets.ts";
import { ticketAddress } from "../lib/route.ts";
import { engineNow } from "../live/clock.ts";
import { store } from "../live/store.ts";
import { ChildLine, ChildrenHead } from "../ui/children.tsx";
import { Link } from "../ui/link.tsx";
import { Limit } from "../ui/row.tsx";

const SHOWN = 100;

function latest(child: ChildRow): number {
  return child.ended_at != null ? Infinity : (child.deadline_at ?? Infinity);
}

function Whistle({ row }: { row: Row }) {
  return (
    <section class="card" aria-label={row.id}>
      <header class="card-head">
        <h2>
          <Link to={ticketAddress(row.id)}>{categoryName(row.category) || t("no_category")}</Link>
        </h2>
        <span class="muted">{placeName(row)}</span>
        <span class="muted id">{row.id}</span>
        <span class="grow" />
        <Limit row={row} />
      </header>
      <div class="scroll">
        <table>
          <ChildrenHead />
          <tbody>
            {[...(row.child_clocks ?? [])]
              .sort((a, b) => latest(a) - latest(b))
              .map((child) => (
                <ChildLine key={`${child.code}/${child.n}`} child={child} />
              ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Who was called, who has reported in, who is late: whistles that go on, the nearest limit first. */
export function WhistlePage() {
  store.shape.value;
  store.counts.value;
  useEffect(() => {
    document.title = `${t("page.whistles")} · ${t("brand")}`;
  });
  const seen = { ...store.seen, now: engineNow() };
  const rows = [...store.rows.values()].filter((row) => stands("whistle", row, seen));
  rows.sort((a, b) => (a.deadline_at ?? Infinity) - (b.deadline_at ?? Infinity));
  return (
    <div class="page">
      <h1>{t("page.whistles")}</h1>
      {rows.length === 0 && <p class="empty">{t("empty.whistles")}</p>}
      {rows.slice(0, SHOWN).map((row) => (
        <Whistle key={row.id} row={row} />
      ))}
      {rows.length > SHOWN && <p class="muted">{t("more", { n: rows.length - SHOWN })}</p>}
    </div>
  );
}
