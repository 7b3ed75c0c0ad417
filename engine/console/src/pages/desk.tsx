import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Row, Taken } from "../api/model.ts";
import { categoryName, pack, placeName } from "../api/session.ts";
import { named, t, word } from "../i18n/index.ts";
import { stands } from "../lib/facets.ts";
import { lately } from "../lib/guesses.ts";
import { Once } from "../lib/once.ts";
import { ticketAddress } from "../lib/route.ts";
import { engineNow } from "../live/clock.ts";
import { store } from "../live/store.ts";
import { EarlierOfNumber } from "../ui/earlier.tsx";
import { FileNow } from "../ui/file-now.tsx";
import { Grids } from "../ui/grids.tsx";
import { Link } from "../ui/link.tsx";
import { ReportLink } from "../ui/report-link.tsx";
import { Limit } from "../ui/row.tsx";
import { tell, tellProblem } from "../ui/toasts.tsx";

const SHOWN = 50;
/** So long what waits is compared with the same tickets. */
const COMPARED_MS = 30_000;

/** A report as the gateway takes it; what was left empty is left out. */
function reportOf(form: FormData): Record<string, unknown> {
  const given = (name: string) => String(form.get(name) ?? "").trim();
  const location = { ...(given("grid") && { grid: given("grid") }), ...(given("address") && { address: given("address") }) };
  const reporter = { ...(given("name") && { name: given("name") }), ...(given("phone") && { phone: given("phone") }) };
  return {
    channel: "hotline",
    text: given("text"),
    ...(given("category") && { category: given("category") }),
    location,
    ...(Object.keys(reporter).length > 0 && { reporter }),
  };
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** So long a caller waits for the number; it is shown when it comes later too. */
const SOON_MS = 10_000;
const LATE_MS = 600_000;

/** The ticket that a report became, as the stream tells of it; `null`: it takes longer. */
async function ticketOf(identity: string, within: number): Promise<string | null> {
  for (const until = performance.now() + within; performance.now() < until; ) {
    for (const row of store.rows.values()) if (row.identity === identity) return row.id;
    await pause(100);
  }
  return null;
}

function Report({ phone }: { phone: Signal<string> }) {
  const [done, setDone] = useState<{ identity: string; id: string | null; link: string | null } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const once = useRef(new Once());
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    if (isBusy) return;
    setBusy(true);
    try {
      const taken = await once.current.ask<Taken>("/v1/incidents", reportOf(new FormData(form)));
      form.reset();
      phone.value = "";
      const id = await ticketOf(taken.identity, SOON_MS);
      const shown = { identity: taken.identity, id, link: taken.link ?? null };
      setDone(shown);
      tell(id === null ? t("reported_later") : t("reported", { id }));
      if (id === null) void ticketOf(taken.identity, LATE_MS).then((late) => setDone((now) => (now?.identity === taken.identity ? { ...shown, id: late } : now)));
    } catch (error) {
      tellProblem(error);
    }
    setBusy(false);
  };
  return (
    <form class="card report" onSubmit={(event) => void submit(event)} aria-label={t("new_report")}>
      <h2>{t("new_report")}</h2>
      <label>
        {t("report.text")}
        <textarea name="text" rows={4} maxLength={4000} required />
      </label>
      <div class="pair">
        <label>
          {t("fact.place")}
          <Grids />
        </label>
        <label>
          {t("fact.address")}
          <input name="address" maxLength={200} autocomplete="off" />
        </label>
      </div>
      <label>
        {t("report.category")}
        <select name="category">
          <option value="">{t("report.category_open")}</option>
          {pack.value?.categories.map((one) => (
            <option key={one.code} value={one.code}>
              {named(one)}
            </option>
          ))}
        </select>
      </label>
      <div class="pair">
        <label>
          {t("report.name")}
          <input name="name" maxLength={100} autocomplete="off" />
        </label>
        <label>
          {t("report.phone")}
          <input name="phone" type="tel" maxLength={40} autocomplete="off" onInput={(event) => (phone.value = event.currentTarget.value)} />
        </label>
      </div>
      <p class="muted">{t("report.sealed")}</p>
      <p class="row-of">
        <button class="primary" disabled={isBusy}>
          {isBusy ? t("sending") : t("report.send")}
        </button>
        {done?.id && (
          <Link to={ticketAddress(done.id)} class="reported">
            {t("open_ticket", { id: done.id })}
          </Link>
        )}
      </p>
      {done?.link && <ReportLink link={done.link} />}
    </form>
  );
}

function Waiting({ row, open }: { row: Row; open: readonly Row[] }) {
  return (
    <li class="waiting" data-waits={row.id}>
      <div class="line">
        <Limit row={row} />
        {row.status === "held" ? <Link to="/records">{row.id}</Link> : <Link to={ticketAddress(row.id)}>{row.id}</Link>}
        <span class={`status status-${row.status}`}>{word("status", row.status)}</span>
        <span class="muted">{[placeName(row), row.address].filter(Boolean).join(" · ")}</span>
      </div>
      <p class="text-whole">
        <bdi>{row.status === "held" ? t("held_says") : row.text}</bdi>
      </p>
      {row.category && <p class="muted">{categoryName(row.category)}</p>}
      {row.status === "received" && <FileNow row={row} open={open} />}
    </li>
  );
}

/** The desk: take a report while talking, and deal with what could not be filed by itself. */
export function DeskPage() {
  const phone = useSignal("");
  store.shape.value;
  store.counts.value;
  useEffect(() => {
    document.title = `${t("page.desk")} · ${t("brand")}`;
  });
  const seen = { ...store.seen, now: engineNow() };
  const rows = [...store.rows.values()].filter((row) => stands("desk", row, seen));
  const open = useMemo(() => lately(store.rows.values()), [Math.floor(performance.now() / COMPARED_MS), store.isFilled.value]);
  rows.sort((a, b) => (a.deadline_at ?? Infinity) - (b.deadline_at ?? Infinity));
  return (
    <div class="page desk">
      <h1 class="sr">{t("page.desk")}</h1>
      <Report phone={phone} />
      <div class="ticket-main">
        <EarlierOfNumber typed={phone} />
        <section class="card" aria-label={t("desk_waits")}>
          <header class="card-head">
            <h2>{t("desk_waits")}</h2>
            <span class="n">{t("rows", { n: rows.length })}</span>
          </header>
          {rows.length === 0 && <p class="empty">{t("empty.desk")}</p>}
          <ul class="waitings">
            {rows.slice(0, SHOWN).map((row) => (
              <Waiting key={row.id} row={row} open={open} />
            ))}
          </ul>
          {rows.length > SHOWN && <Link to="/queues/desk">{t("more", { n: rows.length - SHOWN })}</Link>}
        </section>
      </div>
    </div>
  );
}
