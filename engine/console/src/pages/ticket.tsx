import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal, ask, ticketPath } from "../api/client.ts";
import type { Happened, Past, TicketTold } from "../api/model.ts";
import { dutyName, personName, tierName, zone } from "../api/session.ts";
import { both, named, t, word } from "../i18n/index.ts";
import { go, ticketAddress } from "../lib/route.ts";
import { moment } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { store } from "../live/store.ts";
import { Attachments } from "../ui/attachments.tsx";
import { ChildrenTable } from "../ui/children.tsx";
import { Clocks } from "../ui/clocks.tsx";
import { Commands } from "../ui/commands.tsx";
import { Exercise } from "../ui/exercise.tsx";
import { Icon } from "../ui/icon.tsx";
import { nextTo } from "../ui/keys.ts";
import { Link } from "../ui/link.tsx";
import { PlaceMap } from "../ui/place-map.tsx";
import { Duplicates, PlaceOf } from "../ui/place.tsx";
import { Reporter } from "../ui/reporter.tsx";
import { Limit, Urgency } from "../ui/row.tsx";
import { current } from "../ui/selection.ts";
import { Difference } from "../ui/conflict.tsx";
import { Viewing } from "../ui/viewing.tsx";
import { Timeline } from "../ui/timeline.tsx";
import { problemText } from "../ui/toasts.tsx";

interface Found {
  told: TicketTold | null;
  past: Happened[];
  isBehind: boolean;
  pastProblem: string;
  problem: string;
}

const NOTHING: Found = { told: null, past: [], isBehind: false, pastProblem: "", problem: "" };

async function history(id: string): Promise<Pick<Found, "past" | "isBehind" | "pastProblem">> {
  try {
    const past: Happened[] = [];
    let page: Past = await ask<Past>(`${ticketPath(id)}/history?limit=200`);
    past.push(...page.decisions);
    while (page.next && past.length < 2000) {
      page = await ask<Past>(`${ticketPath(id)}/history?limit=200&cursor=${page.next}`);
      past.push(...page.decisions);
    }
    return { past, isBehind: page.is_behind, pastProblem: "" };
  } catch (error) {
    return { past: [], isBehind: false, pastProblem: problemText(error) };
  }
}

/** A report that was sent a moment ago is named by its identity before it is a ticket: asked for again for ten seconds. */
async function toldOf(id: string): Promise<TicketTold> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask<TicketTold>(ticketPath(id));
    } catch (error) {
      if (!id.includes(":") || tries >= 20 || !(error instanceof Refusal) || error.kind !== "not-found") throw error;
      await new Promise((again) => setTimeout(again, 500));
    }
  }
}

async function load(id: string): Promise<Pick<Found, "told" | "problem">> {
  try {
    return { told: await toldOf(id), problem: "" };
  } catch (error) {
    const gone = error instanceof Refusal && error.kind === "not-found";
    return { told: null, problem: gone ? t("ticket_gone") : problemText(error) };
  }
}

/** The ticket and its past, read anew whenever the stream says that it is another now. How it stands is shown at once;
 * its past, which waits for the archive, when it comes. */
function useTicket(id: string): [Found, () => Promise<void>] {
  const [found, setFound] = useState<Found>(NOTHING);
  const asked = useRef(0);
  const refresh = async () => {
    const mine = ++asked.current;
    const past = history(id);
    const now = await load(id);
    if (mine !== asked.current) return;
    if (now.told !== null) setFound((before) => ({ ...(before.told?.id === now.told?.id ? before : NOTHING), ...now }));
    const then = await past;
    if (mine !== asked.current) return;
    setFound((before) => (now.told === null && then.past.length === 0 && before.told ? { ...before, problem: now.problem } : { ...now, ...then }));
  };
  const version = store.version(id).value;
  useEffect(() => void refresh(), [id, version]);
  return [found, refresh];
}

function Head({ told }: { told: TicketTold }) {
  const ticket = told.ticket as Record<string, string | undefined>;
  const row = store.rows.get(told.id);
  const { before, after } = nextTo(told.id);
  return (
    <header class="ticket-head">
      <div class="line">
        <Link to="/queues/mine" class="quiet">
          <Icon name="back" /> {t("page.queue")}
        </Link>
        <span class="muted id">{told.id}</span>
        <Viewing id={told.id} />
        <span class="grow" />
        <button type="button" class="quiet" disabled={before === null} onClick={() => before && go(ticketAddress(before), true)}>
          <Icon name="up" /> {t("previous")}
        </button>
        <button type="button" class="quiet" disabled={after === null} onClick={() => after && go(ticketAddress(after), true)}>
          <Icon name="down" /> {t("next")}
        </button>
      </div>
      <div class="line">
        <Urgency code={ticket["urgency"]} />
        <Exercise played={ticket["exercise"]} />
        <h1>{told.category ? named(told.category) : t("no_category")}</h1>
        <span class={`status status-${ticket["status"]}`} data-test="status">
          {word("status", ticket["status"])}
        </span>
        {row && <Limit row={store.cell(row).value} />}
      </div>
      <p class="text-whole">
        <bdi>{ticket["text"] ?? ""}</bdi>
      </p>
    </header>
  );
}

function Facts({ told }: { told: TicketTold }) {
  const ticket = told.ticket as Record<string, unknown>;
  const line = (name: string, value: string) =>
    value && (
      <div>
        <dt>{t(name)}</dt>
        <dd>
          <bdi>{value}</bdi>
        </dd>
      </div>
    );
  const when = (name: string) => (typeof ticket[name] === "number" ? moment(ticket[name], engineNow(), zone()) : "");
  return (
    <dl class="facts">
      {line("fact.place", told.place.grid.map((one) => both([one.label, one.label_zh])).join(" › "))}
      {line("fact.address", told.place.address ?? "")}
      {line("fact.holder", `${told.holder.tier ? `${tierName(told.holder.tier)} · ` : ""}${dutyName(told.holder.duty)} · ${personName(told.holder.person)}`)}
      {line("fact.task", word("task", told.holder.next))}
      {line("fact.supervised", personName(told.stages.supervised))}
      {line("fact.channel", word("channel", ticket["channel"] as string))}
      {line("fact.received", when("received_at"))}
      {line("fact.filed", when("filed_at"))}
      {line("fact.identity", String(ticket["identity"] ?? ""))}
      {line("fact.merged_into", String(ticket["merged_into"] ?? ""))}
      {line("fact.close_reason", ticket["close_reason"] ? word("close", String(ticket["close_reason"])) : "")}
    </dl>
  );
}

function Whole({ told, found, refresh }: { told: TicketTold; found: Found; refresh: () => Promise<void> }) {
  return (
    <div class="ticket-body">
      <div class="ticket-main">
        <section class="card" aria-label={t("facts")}>
          <Facts told={told} />
          {!found.pastProblem && <Attachments key={told.id} id={told.id} />}
        </section>
        <Reporter told={told} />
        <Duplicates told={told} past={found.past} />
        {told.children.length > 0 && (
          <section class="card" aria-label={t("children")}>
            <h2>{t("children")}</h2>
            <ChildrenTable told={told} />
          </section>
        )}
        {found.pastProblem ? (
          <p class="card muted">{found.pastProblem}</p>
        ) : (
          <Timeline id={told.id} decisions={found.past} isBehind={found.isBehind} />
        )}
      </div>
      <aside class="ticket-side">
        <section class="card" aria-label={t("commands")}>
          <h2>{t("commands")}</h2>
          <Commands told={told} refresh={refresh} />
        </section>
        <section class="card" aria-label={t("clocks")}>
          <h2>{t("clocks")}</h2>
          <Clocks clocks={told.clocks} past={found.past} />
        </section>
        <PlaceMap key={told.id} told={told} />
        {!found.pastProblem && <PlaceOf told={told} />}
      </aside>
    </div>
  );
}

/** One ticket: what it is, what may be done now, what has happened and why. */
export function TicketPage({ id }: { id: string }) {
  const [found, refresh] = useTicket(id);
  useEffect(() => {
    current.value = id;
    document.title = `${id} · ${t("brand")}`;
  }, [id]);
  if (found.told === null) {
    return (
      <div class="ticket">
        <p class="empty">{found.problem || t("loading")}</p>
        {found.past.length > 0 && <Timeline id={id} decisions={found.past} isBehind={found.isBehind} />}
      </div>
    );
  }
  return (
    <article class="ticket">
      <Head told={found.told} />
      <Difference told={found.told} />
      {found.problem && <p class="lost">{found.problem}</p>}
      <Whole told={found.told} found={found} refresh={refresh} />
    </article>
  );
}
