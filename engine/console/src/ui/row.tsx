import type { Signal } from "@preact/signals";
import type { Row } from "../api/model.ts";
import { categoryName, dutyName, pack, personName, placeName, tierAbove, tierName, zone } from "../api/session.ts";
import { t, units, word } from "../i18n/index.ts";
import { ticketAddress } from "../lib/route.ts";
import { bandOf, length, moment, whole } from "../lib/time.ts";
import { workLength, worked } from "../lib/worktime.ts";
import { ticking } from "../live/clock.ts";
import { Exercise } from "./exercise.tsx";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Moved } from "./moved.tsx";
import { current, isChosen, toggle } from "./selection.ts";

/** What the clocks do next: `14:30 → 社区`. */
function WhatFollows({ row, now }: { row: Row; now: number }) {
  const next = row.next;
  if (!next) return <small />;
  const above = next.does === "move_up" ? tierAbove(row) : "";
  return (
    <small>
      {moment(next.at, now, zone())} <Icon name="arrow" /> {above || t(`does.${next.does}`)}
    </small>
  );
}

/** Where it is, and who has it. */
export function WhereAndWho({ row }: { row: Row }) {
  return (
    <>
      <span class="where">
        <span>{placeName(row) || row.home}</span>
        <small>
          <bdi>{row.address ?? ""}</bdi>
        </small>
      </span>
      <span class="holder">
        <span>{holderName(row)}</span>
        <small>{personName(row.person)}</small>
      </span>
    </>
  );
}

/** What is left, in working hours where the limit is of such: `剩 3工作时`. */
function leftOf(row: Row, due: number, now: number): string {
  const counts = row.in_work_time ? worked(pack.value?.worktime ?? [], now, due) : null;
  const said = counts === null ? length(due - now, units()) : workLength(counts, { hour: t("unit.work_hour"), minute: t("unit.work_minute"), then: t("unit.minute") });
  return t("left", { for: said });
}

/** How near the limit is, as mark, words and colour at once; drawn again each second. */
export function Limit({ row }: { row: Row }) {
  const now = ticking();
  const due = row.deadline_at;
  const late = Boolean(row.is_overdue) || (due != null && due <= now);
  const band = bandOf(due, late, now, zone());
  const left = due == null ? t("band.none") : late ? t("late_by", { for: length(now - due, units()) }) : leftOf(row, due, now);
  return (
    <span class={`limit limit-${band}`} title={due == null ? t("no_clock") : `${t("deadline")} ${whole(due, zone())}`}>
      <b>
        <Icon name={band} />
        {row.paused && (row.status === "parked" || due == null) ? t("paused_for", { why: word("pause", row.paused) }) : row.status === "parked" ? t("paused") : left}
      </b>
      <WhatFollows row={row} now={now} />
    </span>
  );
}

export function Urgency({ code }: { code: string | null | undefined }) {
  if (!code || code === "normal") return null;
  return <span class={`tag tag-${code}`}>{word("urgency", code)}</span>;
}

/** What it waits for and how far its departments are; what moved it last stands behind. */
function Marks({ row }: { row: Row }) {
  return (
    <>
      {row.waits_for ? <b class="waits">{t("waits_for", { what: word("asked", row.waits_for.what) })}</b> : null}
      {row.is_exhausted ? <b class="waits">{t("exhausted")}</b> : null}
      {row.paused && row.status !== "parked" && row.deadline_at != null ? <b class="waits">{t("paused_for", { why: word("pause", row.paused) })}</b> : null}
      {!row.waits_for && row.is_escalated ? <span>{t("escalated")}</span> : null}
      {(row.child_clocks ?? []).length > 0 ? <span>{t("departments_in", arrived(row))}</span> : null}
    </>
  );
}

function arrived(row: Row): { n: number; of: number } {
  const children = row.child_clocks ?? [];
  return { n: children.filter((one) => one.reported_in_at != null || one.ended_at != null).length, of: children.length };
}

/** The tier and who of it, said once where both are called the same. */
function holderName(row: Row): string {
  const duty = dutyName(row.party ?? row.duty);
  return [...new Set([row.tier ? tierName(row.tier) : "", duty])].filter((one) => one !== "").join(" · ");
}

interface Props {
  cell: Signal<Row>;
  top: number;
  index: number;
  count: number;
}

/** One ticket of a queue. It looks at its own row alone: another's change does not draw it again. */
export function QueueRow({ cell, top, index, count }: Props) {
  const row = cell.value;
  const chosen = isChosen(row.id);
  const here = current.value === row.id;
  return (
    <div
      class={`row${here ? " row-here" : ""}${chosen ? " row-chosen" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      role="listitem"
      aria-setsize={count}
      aria-posinset={index + 1}
      data-id={row.id}
      data-version={row.version}
    >
      <input type="checkbox" checked={chosen} onChange={() => toggle(row.id)} aria-label={`${t("choose")} ${row.id}`} />
      <Limit row={row} />
      <span class="what">
        <span class="line">
          <Urgency code={row.urgency} />
          <Exercise played={row.exercise} />
          <Link to={ticketAddress(row.id)} class="title">
            {categoryName(row.category) || t("no_category")}
          </Link>
          <span class="muted id">{row.id}</span>
        </span>
        <bdi class="text">{row.text ?? ""}</bdi>
      </span>
      <WhereAndWho row={row} />
      <span class="state">
        <span class={`status status-${row.status}`}>{word("status", row.status)}</span>
        <small class="marks">
          <Marks row={row} />
          <Moved row={row} />
        </small>
      </span>
    </div>
  );
}
