import { useEffect, useState } from "preact/hooks";
import { ask, ticketPath } from "../api/client.ts";
import type { Row } from "../api/model.ts";
import { categoryName, personName, placeName, who, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { ticketAddress } from "../lib/route.ts";
import type { Revealed } from "../lib/reporter.ts";
import { moment } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { store } from "../live/store.ts";
import { refusalText } from "../ui/earlier.tsx";
import { useTitle } from "../ui/loaded.ts";
import { Link } from "../ui/link.tsx";
import { RevealedLines } from "../ui/revealed.tsx";
import { tell, tellProblem } from "../ui/toasts.tsx";

/** The number, shown for a survey once the audit has it; gone with the call. */
function Number({ id }: { id: string }) {
  const [found, setFound] = useState<Revealed | null>(null);
  const [isBusy, setBusy] = useState(false);
  const show = async () => {
    setBusy(true);
    try {
      setFound(await ask<Revealed>(`${ticketPath(id)}/reporter/reveal`, { body: { purpose: "survey" } }));
    } catch (error) {
      tell(refusalText(error), true);
    }
    setBusy(false);
  };
  if (found === null) {
    return (
      <p class="row-of">
        <button type="button" class="primary" disabled={isBusy} onClick={() => void show()}>
          {t("callbacks.show")}
        </button>
        <span class="muted">{t("callbacks.show_says")}</span>
      </p>
    );
  }
  return <RevealedLines found={found} />;
}

function Answer({ row, next }: { row: Row; next: () => void }) {
  const give = async (body: Record<string, unknown>) => {
    try {
      await ask(`${ticketPath(row.id)}/commands`, { body, version: row.version });
      tell(t("done", { what: word("command", String(body["kind"])) }));
      next();
    } catch (error) {
      tellProblem(error);
    }
  };
  const answered = (satisfied: boolean, form: HTMLFormElement | null) => {
    const text = String(new FormData(form ?? undefined).get("text") ?? "").trim();
    void give({ kind: "answer", satisfied, ...(text && { text }) });
  };
  return (
    <form class="command-form" aria-label={word("command", "answer")} onSubmit={(event) => event.preventDefault()}>
      <label>
        {t("callbacks.what_was_said")}
        <textarea name="text" rows={3} maxLength={4000} />
      </label>
      <p class="row-of">
        <button type="button" class="primary" onClick={(event) => answered(true, event.currentTarget.form)}>
          {t("satisfied.yes")}
        </button>
        <button type="button" onClick={(event) => answered(false, event.currentTarget.form)}>
          {t("satisfied.no")}
        </button>
        <button type="button" onClick={() => void give({ kind: "note", text: t("callbacks.not_reached_note") })}>
          {t("callbacks.not_reached")}
        </button>
        <span class="grow" />
        <button type="button" onClick={next}>
          {t("callbacks.next")} <kbd>n</kbd>
        </button>
      </p>
    </form>
  );
}

function Call({ row, next }: { row: Row; next: () => void }) {
  return (
    <section class="card" aria-label={t("callbacks.call")} data-call={row.id}>
      <header class="card-head">
        <h2>
          <Link to={ticketAddress(row.id)}>{categoryName(row.category) || t("no_category")}</Link>
        </h2>
        <span class="muted id">{row.id}</span>
      </header>
      <p class="text-whole">
        <bdi>{row.text ?? ""}</bdi>
      </p>
      <p class="muted">{[placeName(row), row.address, personName(row.person)].filter(Boolean).join(" · ")}</p>
      {row.can_reach_reporter ? <Number key={row.id} id={row.id} /> : <p class="muted">{t("callbacks.unreachable")}</p>}
      {who.value?.role === "desk" ? <Answer key={`${row.id} ${row.version}`} row={row} next={next} /> : <p class="muted">{t("callbacks.for_desk")}</p>}
    </section>
  );
}

const isTyping = (target: EventTarget | null): boolean => (target as HTMLElement | null)?.closest?.("input, textarea, select") != null;

/** Whom to call back: tickets that were checked and wait for what their reporter says. */
export function CallbacksPage() {
  useTitle("callbacks");
  store.shape.value;
  store.counts.value;
  const rows = [...store.rows.values()].filter((row) => row.status === "surveyed");
  rows.sort((a, b) => (a.deadline_at ?? Infinity) - (b.deadline_at ?? Infinity) || (a.id < b.id ? -1 : 1));
  const [at, setAt] = useState<string | null>(null);
  const index = Math.max(0, rows.findIndex((row) => row.id === at));
  const row = rows[index];
  const next = () => setAt(rows[(index + 1) % Math.max(1, rows.length)]?.id ?? null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "n" || event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
      event.preventDefault();
      next();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });
  return (
    <div class="page callbacks">
      <h1>{t("page.callbacks")}</h1>
      {rows.length === 0 && <p class="empty">{t("callbacks.none")}</p>}
      {row !== undefined && (
        <div class="two">
          <ul class="card calls" aria-label={t("page.callbacks")}>
            {rows.slice(0, 200).map((one) => (
              <li key={one.id}>
                <button type="button" data-of={one.id} aria-pressed={one.id === row.id} onClick={() => setAt(one.id)}>
                  <span>{categoryName(one.category)}</span> <small class="muted">{placeName(one)}</small>
                  {one.deadline_at != null && <small class="muted">{t("callbacks.until", { at: moment(one.deadline_at, engineNow(), zone()) })}</small>}
                </button>
              </li>
            ))}
          </ul>
          <Call key={row.id} row={store.cell(row).value} next={next} />
        </div>
      )}
    </div>
  );
}
