/** The other tickets of the same reporter. Each question counts against a day's quota, and none is asked twice. */
import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal, ask } from "../api/client.ts";
import type { Brief } from "../api/model.ts";
import { categoryName, who, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { completeNumber, mayAskByNumber } from "../lib/reporter.ts";
import { ticketAddress } from "../lib/route.ts";
import { moment } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Link } from "./link.tsx";
import { problemText } from "./toasts.tsx";

const PAUSE_MS = 700;

type Answer = { rows: Brief[] } | { problem: string };

/** A refusal for somebody's quota says how large it is. */
export function refusalText(error: unknown): string {
  const quota = error instanceof Refusal && error.kind === "too-many" ? error.problem["quota"] : undefined;
  return typeof quota === "number" ? t("quota_used", { n: quota }) : problemText(error);
}

async function asked(body: { ticket: string } | { number: string }): Promise<Answer> {
  try {
    return await ask<{ rows: Brief[] }>("/v1/reporters/earlier", { body });
  } catch (error) {
    return { problem: refusalText(error) };
  }
}

function Rows({ answer }: { answer: Answer }) {
  if ("problem" in answer) return <p class="muted">{answer.problem}</p>;
  if (answer.rows.length === 0) return <p class="muted">{t("earlier.none")}</p>;
  return (
    <ul class="earlier">
      {answer.rows.map((one) => (
        <li key={one.id}>
          <span class="line">
            <time class="muted">{moment(one.received_at, engineNow(), zone())}</time>
            <Link to={ticketAddress(one.id)}>{one.category ? categoryName(one.category) : t("no_category")}</Link>
            <span class={`status status-${one.status}`}>{word("status", one.status)}</span>
          </span>
          <bdi class="muted">{[one.address, one.text].filter(Boolean).join(" · ")}</bdi>
        </li>
      ))}
    </ul>
  );
}

/** On a ticket: asked for by a click. */
export function EarlierOfTicket({ id }: { id: string }) {
  const [answer, setAnswer] = useState<Answer | "asked" | null>(null);
  if (answer !== null && answer !== "asked") return <Rows answer={answer} />;
  const find = async () => {
    setAnswer("asked");
    setAnswer(await asked({ ticket: id }));
  };
  return (
    <button type="button" disabled={answer === "asked"} onClick={() => void find()} title={t("earlier.counts")}>
      {t("earlier")}
    </button>
  );
}

/** At the desk: as a number is typed, once it is complete and typing pauses. Numbers are remembered while the page is. */
export function EarlierOfNumber({ typed }: { typed: Signal<string> }) {
  const [, redraw] = useState(0);
  const known = useRef(new Map<string, Answer | undefined>());
  const number = mayAskByNumber(who.value?.role) ? completeNumber(typed.value) : null;
  useEffect(() => {
    if (number === null || known.current.has(number)) return;
    const timer = setTimeout(() => {
      known.current.set(number, undefined); // asked: no second question while the answer is on its way
      void asked({ number }).then((answer) => {
        known.current.set(number, answer);
        redraw((n) => n + 1);
      });
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [number]);
  const answer = number === null ? undefined : known.current.get(number);
  return (
    <div class="said" aria-live="polite">
      {answer !== undefined && (
        <section class="card" aria-label={t("earlier")}>
          <h2>{t("earlier")}</h2>
          <Rows answer={answer} />
        </section>
      )}
    </div>
  );
}
