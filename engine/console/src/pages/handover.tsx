import { useRef, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { categoryName, homeName, pack, personName, who, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { Once } from "../lib/once.ts";
import { ticketAddress } from "../lib/route.ts";
import type { DutyBoard } from "../lib/shift.ts";
import { moment } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Awaited } from "../ui/awaited.tsx";
import { useLoaded, useTitle } from "../ui/loaded.ts";
import { Link } from "../ui/link.tsx";
import { problemText, tell, tellProblem } from "../ui/toasts.tsx";

interface Point {
  id: string;
  status: string;
  category?: string;
  home: string;
  person: string;
  deadline_at?: number;
  why: string[];
}

interface Signed {
  id: string;
  giver: string;
  taker: string;
  note: string;
  n_points: number;
  at: string;
  taken_at: string | null;
  taken_note: string | null;
}

const SHOWN = 100;
const when = (text: string): string => moment(Date.parse(text), engineNow(), zone());

function Points({ points }: { points: readonly Point[] }) {
  if (points.length === 0) return <p class="empty">{t("handover.nothing_open")}</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("handover.points")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("field.ticket")}</th>
            <th scope="col">{t("fact.place")}</th>
            <th scope="col">{t("handover.why")}</th>
            <th scope="col">{t("col.state")}</th>
            <th scope="col">{t("col.person")}</th>
            <th scope="col">{t("col.limit")}</th>
          </tr>
        </thead>
        <tbody>
          {points.slice(0, SHOWN).map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <Link to={ticketAddress(one.id)}>{categoryName(one.category) || t("no_category")}</Link>
              </th>
              <td>{homeName(one.home)}</td>
              <td>{one.why.map((why) => t(`point.${why}`)).join(t("comma"))}</td>
              <td>{word("status", one.status)}</td>
              <td>{personName(one.person)}</td>
              <td>{one.deadline_at == null ? t("band.none") : moment(one.deadline_at, engineNow(), zone())}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {points.length > SHOWN && <p class="muted">{t("more", { n: points.length - SHOWN })}</p>}
    </div>
  );
}

/** Those of one's own role first: a shift goes to the next one at the same desk. */
function Takers() {
  const { found } = useLoaded<DutyBoard>("/v1/duty?days=1");
  const lines = found?.lines.filter((one) => one.role === who.value?.role) ?? [];
  const near = new Map(lines.flatMap((line) => line.people).map((one) => [one.person, one]));
  near.delete(who.value?.name ?? "");
  const others = Object.keys(pack.value?.people ?? {}).filter((id) => !near.has(id) && id !== who.value?.name);
  return (
    <label>
      {t("handover.to")}
      <input name="to" list="takers" required autocomplete="off" />
      <datalist id="takers">
        {[...near.values()].map((one) => (
          <option key={one.person} value={one.person}>
            {`${one.name} ${word("role", who.value?.role)}${one.on_duty ? ` · ${t("duty.now")}` : ""}`}
          </option>
        ))}
        {others.map((id) => (
          <option key={id} value={id}>
            {personName(id)}
          </option>
        ))}
      </datalist>
    </label>
  );
}

function Sign({ done }: { done: () => Promise<void> }) {
  const { found, problem, again } = useLoaded<{ points: Point[]; n: number }>("/v1/handovers/points");
  const [wrong, setWrong] = useState("");
  const once = useRef(new Once());
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    try {
      await once.current.ask("/v1/handovers", { to: String(given.get("to")).trim(), note: String(given.get("note")) });
      tell(t("handover.signed"));
      setWrong("");
      form.reset();
      await done();
    } catch (error) {
      setWrong(problemText(error));
    }
  };
  return (
    <section class="card" aria-label={t("handover.open")}>
      <header class="card-head">
        <h2>{t("handover.open")}</h2>
        <span class="n">{t("rows", { n: found?.n ?? 0 })}</span>
        <span class="grow" />
        <button type="button" onClick={() => void again()}>
          {t("look_again")}
        </button>
      </header>
      <Awaited found={found} problem={problem} />
      {found && <Points points={found.points} />}
      <form class="command-form" aria-label={t("handover.sign")} onSubmit={(event) => void submit(event)}>
        <Takers />
        <label>
          {t("handover.note")}
          <textarea name="note" rows={3} maxLength={2000} />
        </label>
        {wrong && (
          <p class="wrong" role="alert">
            {wrong}
          </p>
        )}
        <p class="row-of">
          <button class="primary">{t("handover.sign")}</button>
          <span class="muted">{t("handover.sign_says")}</span>
        </p>
      </form>
    </section>
  );
}

function Take({ one, done }: { one: Signed; done: () => Promise<void> }) {
  const submit = async (event: Event) => {
    event.preventDefault();
    const note = String(new FormData(event.currentTarget as HTMLFormElement).get("note") ?? "");
    try {
      await ask(`/v1/handovers/${one.id}/take`, { body: { note } });
      tell(t("handover.taken"));
    } catch (error) {
      tellProblem(error);
    }
    await done();
  };
  return (
    <form class="row-of why" aria-label={t("handover.take")} onSubmit={(event) => void submit(event)}>
      <input name="note" maxLength={2000} aria-label={t("handover.answer")} placeholder={t("handover.answer")} autocomplete="off" />
      <button class="primary">{t("handover.take")}</button>
    </form>
  );
}

function One({ one, done }: { one: Signed; done: () => Promise<void> }) {
  const [isOpen, setOpen] = useState(one.taken_at === null && one.taker === who.value?.name);
  const { found } = useLoaded<{ points: Point[] }>(isOpen ? `/v1/handovers/${one.id}` : null);
  return (
    <li class="waiting" data-handover={one.id}>
      <div class="line">
        <b>
          {personName(one.giver)} → {personName(one.taker)}
        </b>
        <time>{when(one.at)}</time>
        <span class="muted">{t("rows", { n: one.n_points })}</span>
        <span class={one.taken_at ? "" : "wrong"}>{one.taken_at ? t("handover.taken_at", { at: when(one.taken_at) }) : t("handover.not_taken")}</span>
        <span class="grow" />
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t("handover.points")}
        </button>
      </div>
      {one.note && (
        <p class="text-whole">
          <bdi>{one.note}</bdi>
        </p>
      )}
      {one.taken_note && (
        <p class="muted">
          <bdi>{one.taken_note}</bdi>
        </p>
      )}
      {isOpen && found && <Points points={found.points} />}
      {one.taken_at === null && one.taker === who.value?.name && <Take one={one} done={done} />}
    </li>
  );
}

/** A shift's end and the next one's beginning. */
export function HandoverPage() {
  useTitle("handover");
  const { found, problem, again } = useLoaded<{ handovers: Signed[] }>("/v1/handovers?limit=50");
  return (
    <div class="page">
      <h1>{t("page.handover")}</h1>
      <section class="card" aria-label={t("handover.signed_over")}>
        <h2>{t("handover.signed_over")}</h2>
        <Awaited found={found} problem={problem} />
        {found?.handovers.length === 0 && <p class="empty">{t("handover.none")}</p>}
        <ul class="waitings">
          {found?.handovers.map((one) => (
            <One key={`${one.id} ${one.taken_at}`} one={one} done={again} />
          ))}
        </ul>
      </section>
      {who.value?.kind === "person" && <Sign done={again} />}
    </div>
  );
}
