import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, ticketPath } from "../api/client.ts";
import type { Row, Taken } from "../api/model.ts";
import { categoryName, pack, placeName } from "../api/session.ts";
import { named, t, word } from "../i18n/index.ts";
import { stands } from "../lib/facets.ts";
import { Once } from "../lib/once.ts";
import { ticketAddress } from "../lib/route.ts";
import { engineNow } from "../live/clock.ts";
import { store } from "../live/store.ts";
import { EarlierOfNumber } from "../ui/earlier.tsx";
import { Link } from "../ui/link.tsx";
import { ReportLink } from "../ui/report-link.tsx";
import { Limit } from "../ui/row.tsx";
import { tell, tellProblem } from "../ui/toasts.tsx";

const SHOWN = 50;

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

/** The ticket that a report became, as the stream tells of it; `null`: it takes longer than a caller should wait. */
async function ticketOf(identity: string): Promise<string | null> {
  for (let tries = 0; tries < 100; tries++) {
    for (const row of store.rows.values()) if (row.identity === identity) return row.id;
    await pause(100);
  }
  return null;
}

function Grids() {
  const grids = pack.value?.grids ?? [];
  const parents = new Set(grids.map((one) => one.parent));
  return (
    <select name="grid" aria-label={t("fact.place")} required>
      <option value="">{t("choose_one")}</option>
      {pack.value?.homes.map((home) => (
        <optgroup key={home.code} label={named(home)}>
          {grids
            .filter((one) => !parents.has(one.code) && liesIn(one.code, home.code))
            .map((one) => (
              <option key={one.code} value={one.code}>
                {named(one)}
              </option>
            ))}
        </optgroup>
      ))}
    </select>
  );
}

function liesIn(code: string, home: string): boolean {
  const grids = pack.value?.grids ?? [];
  let at: string | null | undefined = code;
  while (at != null && at !== home) at = grids.find((one) => one.code === at)?.parent;
  return at === home;
}

function Report({ phone }: { phone: Signal<string> }) {
  const [done, setDone] = useState<{ id: string | null; link: string | null } | null>(null);
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
      const id = await ticketOf(taken.identity);
      setDone({ id, link: taken.link ?? null });
      tell(id === null ? t("reported_later") : t("reported", { id }));
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

function FileNow({ row }: { row: Row }) {
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const body = { kind: "file", category: String(form.get("category")) };
    try {
      await ask(`${ticketPath(row.id)}/commands`, { body, version: row.version });
      tell(t("done", { what: word("command", "file") }));
    } catch (error) {
      tellProblem(error);
    }
  };
  return (
    <form class="row-of" onSubmit={(event) => void submit(event)}>
      <select name="category" required aria-label={`${word("field", "category")} ${row.id}`}>
        <option value="">{t("choose_one")}</option>
        {pack.value?.categories.map((one) => (
          <option key={one.code} value={one.code}>
            {named(one)}
          </option>
        ))}
      </select>
      <button>{word("command", "file")}</button>
    </form>
  );
}

function Waiting({ row }: { row: Row }) {
  return (
    <li class="waiting">
      <div class="line">
        <Limit row={row} />
        {row.status === "held" ? <span class="id">{row.id}</span> : <Link to={ticketAddress(row.id)}>{row.id}</Link>}
        <span class={`status status-${row.status}`}>{word("status", row.status)}</span>
        <span class="muted">{[placeName(row), row.address].filter(Boolean).join(" · ")}</span>
      </div>
      <p class="text-whole">
        <bdi>{row.status === "held" ? t("held_says") : row.text}</bdi>
      </p>
      {row.status === "received" && !row.category && <FileNow row={row} />}
      {row.category && <p class="muted">{categoryName(row.category)}</p>}
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
              <Waiting key={row.id} row={row} />
            ))}
          </ul>
          {rows.length > SHOWN && <Link to="/queues/desk">{t("more", { n: rows.length - SHOWN })}</Link>}
        </section>
      </div>
    </div>
  );
}
