import { useState } from "preact/hooks";
import { ask, ticketPath } from "../api/client.ts";
import type { Happened } from "../api/model.ts";
import { zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { actorName, sentences, wordsOf } from "../lib/sentences.ts";
import { ledgerLine } from "./ledger-line.ts";
import { photoOf } from "../lib/photos.ts";
import { moment, whole } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Icon } from "./icon.tsx";
import { Photo } from "./photos.tsx";
import { tellProblem } from "./toasts.tsx";

interface Explained {
  agrees: boolean;
  decisions: { id: string; lines: string[]; agrees: boolean; vouched: boolean }[];
}

/** A picture that we keep is shown; an address that somebody gave is a link, and nothing is fetched from there. */
function Proof({ ticket, proof }: { ticket: string; proof: string[] }) {
  const pictures = proof.filter((one) => photoOf(one) !== null);
  return (
    <ul class="proof">
      {proof.map((one) => {
        const name = photoOf(one);
        if (name !== null) {
          return (
            <li key={one}>
              <Photo ticket={ticket} name={name} label={t("photo_label", { n: pictures.indexOf(one) + 1 })} />
            </li>
          );
        }
        return (
          <li key={one}>
            <Icon name="proof" />{" "}
            {/^https?:\/\//.test(one) ? (
              <a href={one} rel="noopener noreferrer" target="_blank">
                {one}
              </a>
            ) : (
              <bdi>{one}</bdi>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Words({ ticket, one }: { ticket: string; one: Happened }) {
  const words = wordsOf(one);
  return (
    <>
      {words.reason && (
        <blockquote>
          <bdi>{words.reason}</bdi>
        </blockquote>
      )}
      {words.text && (
        <blockquote>
          <bdi>{words.text}</bdi>
        </blockquote>
      )}
      {words.proof.length > 0 && <Proof ticket={ticket} proof={words.proof} />}
    </>
  );
}

function Item({ ticket, one, why }: { ticket: string; one: Happened; why: string[] | undefined }) {
  const at = Date.parse(one.at);
  return (
    <li class={one.refused ? "happened happened-refused" : "happened"}>
      <time dateTime={one.at} title={whole(at, zone())}>
        {moment(at, engineNow(), zone())}
      </time>
      <div>
        {one.refused ? (
          <p>{t("was_refused", { what: word("command", one.command), why: word("why", one.reason) })}</p>
        ) : (
          sentences(one).map((line) => (
            <p key={line}>
              <bdi>{line}</bdi>
            </p>
          ))
        )}
        <Words ticket={ticket} one={one} />
        <small class="muted">
          {one.cause === "incident" ? word("why", one.reason) : actorName(one.actor)}
          {one.actor == null && one.cause !== "incident" ? ` · ${word("why", one.reason)}` : ""}
        </small>
        {why && why.length > 0 && <pre class="ledger">{why.map(ledgerLine).join("\n")}</pre>}
      </div>
    </li>
  );
}

/** What happened, newest first, as sentences with the words people wrote; on asking, the rules and facts behind each. */
export function Timeline({ id, decisions, isBehind }: { id: string; decisions: readonly Happened[]; isBehind: boolean }) {
  const [why, setWhy] = useState<Explained | null>(null);
  const look = async () => {
    try {
      setWhy(await ask<Explained>(`${ticketPath(id)}/explain`));
    } catch (error) {
      tellProblem(error);
    }
  };
  return (
    <section class="card" aria-label={t("timeline")}>
      <header class="card-head">
        <h2>{t("timeline")}</h2>
        {isBehind && <span class="muted">{t("is_behind")}</span>}
        <span class="grow" />
        <button type="button" class="quiet" onClick={() => (why ? setWhy(null) : void look())} aria-pressed={why !== null}>
          {t("why")}
        </button>
      </header>
      {why && <p class={why.agrees ? "agrees" : "waits"}>{t(why.agrees ? "agrees" : "disagrees")}</p>}
      {decisions.length === 0 && <p class="muted">{t("loading")}</p>}
      <ol class="timeline">
        {[...decisions].reverse().map((one) => (
          <Item key={one.id} ticket={id} one={one} why={why?.decisions.find((found) => found.id === one.id)?.lines} />
        ))}
      </ol>
    </section>
  );
}
