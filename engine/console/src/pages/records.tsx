import { useRef, useState } from "preact/hooks";
import { ask, drawnKey } from "../api/client.ts";
import type { Taken } from "../api/model.ts";
import { homeName, who, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { ticketAddress } from "../lib/route.ts";
import { moment, whole } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Awaited } from "../ui/awaited.tsx";
import { useLoaded, useTitle } from "../ui/loaded.ts";
import { Link } from "../ui/link.tsx";
import { Mend, type Original } from "../ui/mend.tsx";
import { tell, tellProblem } from "../ui/toasts.tsx";

const MAY_END = ["desk", "chief", "centre"];

interface RejectedRow {
  id: string;
  at: number;
  reason: string;
  field: string;
  message: string;
  sealed: boolean;
}

interface HeldRow {
  id: string;
  at: number;
  home: string;
  size: number;
  partition: number;
  topic: string | null;
  offset: number | null;
  ticket: string | null;
}

/** What became of it; without a reason it is not decided yet. */
interface Ended {
  reason: string | null;
  ticket?: string;
}

/** Why it is to be seen: it stands in the audit before anything is shown. */
function Why({ show, isBusy }: { show: (why: string) => void; isBusy: boolean }) {
  return (
    <form
      class="row-of why"
      aria-label={t("records.see")}
      onSubmit={(event) => {
        event.preventDefault();
        show(String(new FormData(event.currentTarget).get("why")));
      }}
    >
      <input name="why" required minLength={4} maxLength={500} aria-label={t("records.why")} placeholder={t("records.why")} autocomplete="off" />
      <button disabled={isBusy}>{isBusy ? t("sending") : t("records.see")}</button>
    </form>
  );
}

function Rejected({ row }: { row: RejectedRow }) {
  const [original, setOriginal] = useState<Original | null>(null);
  const [sent, setSent] = useState<Taken | null>(null);
  const [isBusy, setBusy] = useState(false);
  const path = `/v1/rejected/${encodeURIComponent(row.id)}`;
  const show = async (text: string) => {
    setBusy(true);
    try {
      setOriginal((await ask<{ original: Original }>(`${path}/original`, { body: { text } })).original);
    } catch (error) {
      tellProblem(error);
    }
    setBusy(false);
  };
  const done = (taken: Taken) => {
    setOriginal(null);
    setSent(taken);
    tell(t("records.sent"));
  };
  return (
    <li class="waiting" data-record={row.id}>
      <div class="line">
        <time title={whole(row.at, zone())}>{moment(row.at, engineNow(), zone())}</time>
        <b>{word("rejected", row.reason)}</b>
        <code>{row.field || t("none")}</code>
        <span class="grow" />
        <span class="muted id">{row.id}</span>
      </div>
      <p>
        <bdi>{row.message}</bdi>
      </p>
      {sent !== null && (
        <p class="row-of">
          {t("records.sent")} <Link to={ticketAddress(sent.identity)}>{t("records.its_ticket")}</Link>
        </p>
      )}
      {original === null && sent === null && row.sealed && who.value?.kind === "person" && <Why show={(why) => void show(why)} isBusy={isBusy} />}
      {!row.sealed && <p class="muted">{t("records.not_kept")}</p>}
      {original !== null && <Mend path={path} original={original} done={done} close={() => setOriginal(null)} />}
    </li>
  );
}

function RejectedList() {
  const { found, problem, again } = useLoaded<{ rows: RejectedRow[] }>("/v1/rejected?limit=200");
  return (
    <section class="card" aria-label={t("records.rejected")}>
      <header class="card-head">
        <h2>{t("records.rejected")}</h2>
        <span class="n">{t("rows", { n: found?.rows.length ?? 0 })}</span>
        <span class="grow" />
        <button type="button" onClick={() => void again()}>
          {t("look_again")}
        </button>
      </header>
      <p class="muted">{t("records.rejected_says")}</p>
      <Awaited found={found} problem={problem} />
      {found?.rows.length === 0 && <p class="empty">{t("records.none_rejected")}</p>}
      <ul class="waitings">{found?.rows.map((row) => <Rejected key={row.id} row={row} />)}</ul>
    </section>
  );
}

/** Ends a held cause: it is decided after all, by its own bytes, or let go. */
function EndHeld({ row, again }: { row: HeldRow; again: () => Promise<void> }) {
  const key = useRef(drawnKey());
  const [isBusy, setBusy] = useState(false);
  const end = async (event: SubmitEvent) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get("reason")).trim();
    const kind = event.submitter?.getAttribute("value");
    setBusy(true);
    try {
      const done = await ask<Ended>("/v1/held", { body: { kind, cause: row.id, reason }, key: key.current });
      tell(done.reason === null ? t("records.under_way") : `${t("records.ended")}: ${[word("why", done.reason), done.ticket].filter(Boolean).join(" · ")}`);
    } catch (error) {
      key.current = drawnKey();
      tellProblem(error);
    }
    setBusy(false);
    await again();
  };
  return (
    <form class="row-of why" aria-label={t("records.end_held")} onSubmit={(event) => void end(event)}>
      <input name="reason" required maxLength={500} aria-label={t("field.reason")} placeholder={t("field.reason")} autocomplete="off" />
      <button value="retry_held" disabled={isBusy}>
        {word("command", "retry_held")}
      </button>
      <button value="drop_held" disabled={isBusy}>
        {word("command", "drop_held")}
      </button>
    </form>
  );
}

function HeldList() {
  const { found, problem, again } = useLoaded<{ rows: HeldRow[] }>("/v1/held");
  return (
    <section class="card" aria-label={t("records.held")}>
      <header class="card-head">
        <h2>{t("records.held")}</h2>
        <span class="n">{t("rows", { n: found?.rows.length ?? 0 })}</span>
      </header>
      <p class="muted">{t("records.held_says")}</p>
      <Awaited found={found} problem={problem} />
      {found?.rows.length === 0 && <p class="empty">{t("records.none_held")}</p>}
      <ul class="waitings">
        {found?.rows.map((row) => (
          <li key={row.id} class="waiting">
            <div class="line">
              <time title={whole(row.at, zone())}>{moment(row.at, engineNow(), zone())}</time>
              <b>{row.topic === null ? t("records.of_clock") : `${row.topic} / ${row.partition} / ${row.offset}`}</b>
              <span class="muted">{homeName(row.home)}</span>
              {row.topic !== null && <span class="n">{t("records.bytes", { n: row.size })}</span>}
              {row.ticket !== null && <Link to={ticketAddress(row.ticket)}>{row.ticket}</Link>}
            </div>
            {MAY_END.includes(who.value?.role ?? "") && <EndHeld row={row} again={again} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What became no ticket: what intake turned away, and what our own fault kept from being decided. */
export function RecordsPage() {
  useTitle("records");
  return (
    <div class="page">
      <h1>{t("page.records")}</h1>
      <RejectedList />
      <HeldList />
    </div>
  );
}
