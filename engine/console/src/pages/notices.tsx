import { useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { categoryName, personName, who, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { ticketAddress } from "../lib/route.ts";
import { moment, whole } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Awaited } from "../ui/awaited.tsx";
import { useLoaded, useTitle } from "../ui/loaded.ts";
import { Link } from "../ui/link.tsx";
import { tellProblem } from "../ui/toasts.tsx";

interface Notice {
  id: string;
  recipient: string;
  at: string;
  is_urgent: boolean;
  state: string;
  notice: { kind: string; ticket: string; category?: string; due_at?: string; rung?: number; exercise?: boolean };
}

interface Answer {
  notices: Notice[];
  next?: string;
}

const PAGE = 100;
const ANSWERS_FOR = ["supervisor", "chief", "centre"];

function Line({ one, isOthers }: { one: Notice; isOthers: boolean }) {
  const { kind, ticket, category, due_at } = one.notice;
  return (
    <tr>
      <td>
        <time title={whole(Date.parse(one.at), zone())}>{moment(Date.parse(one.at), engineNow(), zone())}</time>
      </td>
      {isOthers && <td>{personName(one.recipient)}</td>}
      <td>
        {one.is_urgent && <b class="wrong">{t("notices.urgent")} </b>}
        {one.notice.exercise && <b>{t("exercise")} </b>}
        {word("notice", kind)}
      </td>
      <td>
        <Link to={ticketAddress(ticket)}>{categoryName(category) || ticket}</Link>
      </td>
      <td>{due_at ? moment(Date.parse(due_at), engineNow(), zone()) : ""}</td>
      <td>{word("sent", one.state)}</td>
    </tr>
  );
}

function Table({ rows, isOthers }: { rows: readonly Notice[]; isOthers: boolean }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("page.notices")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("notices.when")}</th>
            {isOthers && <th scope="col">{t("notices.whom")}</th>}
            <th scope="col">{t("notices.what")}</th>
            <th scope="col">{t("field.ticket")}</th>
            <th scope="col">{t("col.limit")}</th>
            <th scope="col">{t("notices.fate")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <Line key={one.id} one={one} isOthers={isOthers} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function List({ isOthers }: { isOthers: boolean }) {
  const path = `/v1/notices?limit=${PAGE}${isOthers ? "&of=people" : ""}`;
  const { found, problem, again } = useLoaded<Answer>(path);
  const [more, setMore] = useState<{ rows: Notice[]; next: string | undefined } | null>(null);
  const next = more === null ? found?.next : more.next;
  const older = async () => {
    try {
      const told = await ask<Answer>(`${path}&cursor=${next}`);
      setMore({ rows: [...(more?.rows ?? []), ...told.notices], next: told.next });
    } catch (error) {
      tellProblem(error);
    }
  };
  const rows = [...(found?.notices ?? []), ...(more?.rows ?? [])];
  return (
    <section class="card" aria-label={t("page.notices")}>
      <Awaited found={found} problem={problem} />
      {found && rows.length === 0 && <p class="empty">{t("notices.none")}</p>}
      {rows.length > 0 && <Table rows={rows} isOthers={isOthers} />}
      <p class="row-of">
        <button type="button" onClick={() => (setMore(null), void again())}>
          {t("look_again")}
        </button>
        {next && (
          <button type="button" onClick={() => void older()}>
            {t("notices.older")}
          </button>
        )}
      </p>
    </section>
  );
}

/** What people were told, by which the law woke them, and whether it has reached them. */
export function NoticesPage() {
  useTitle("notices");
  const [isOthers, setOthers] = useState(false);
  return (
    <div class="page">
      <header class="card-head">
        <h1>{t("page.notices")}</h1>
        <span class="grow" />
        {ANSWERS_FOR.includes(who.value?.role ?? "") &&
          [false, true].map((one) => (
            <button key={String(one)} type="button" aria-pressed={isOthers === one} onClick={() => setOthers(one)}>
              {t(one ? "notices.of_people" : "notices.mine")}
            </button>
          ))}
      </header>
      <p class="muted">{t("notices.says")}</p>
      <List key={String(isOthers)} isOthers={isOthers} />
    </div>
  );
}
