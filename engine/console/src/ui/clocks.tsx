import type { ClockTold, Happened } from "../api/model.ts";
import { zone } from "../api/session.ts";
import { t, units, word } from "../i18n/index.ts";
import { extensionsIn, standsIn } from "../lib/stands.ts";
import { length, moment } from "../lib/time.ts";
import { ledgerLine } from "./ledger-line.ts";
import { ticking } from "../live/clock.ts";

interface Part {
  share: number;
  isLate: boolean;
}

/** How much of a limit is used now. While it runs, what is left is reckoned back from its last rung, whose moment the
 * law has told: how much time counts until then is its business, so between reckonings the bar stands by that moment. */
function usedOf(clock: ClockTold, now: number): Part {
  const last = clock.rungs.find((rung) => rung.percent === 100);
  const consumed = clock.limit_ms === 0 ? 0 : clock.consumed_ms / clock.limit_ms;
  if (clock.state === "runs" && last === undefined) return { share: 1, isLate: true }; // its last rung is behind it
  if (clock.state !== "runs" || !last?.at) return { share: Math.min(1, consumed), isLate: false };
  const left = Date.parse(last.at) - now;
  const share = Math.max(consumed, 1 - left / Math.max(1, clock.limit_ms - clock.consumed_ms) * (1 - consumed));
  return { share: Math.min(1, Math.max(0, share)), isLate: left <= 0 };
}

function stateText(clock: ClockTold): string {
  if (clock.state === "stopped") return t("clock.stopped");
  if (clock.state === "stands") return clock.why ? `${t("clock.stands")} · ${word("pause", clock.why)}` : t("clock.stands");
  return t("clock.runs");
}

/** The whole of a ticket's time from its beginning to its limit: where it stood is hatched, where it was lengthened there
 * is a mark, and each is said in words below. */
function Passed({ clock, past, now }: { clock: ClockTold; past: readonly Happened[]; now: number }) {
  const due = Date.parse(clock.rungs.find((rung) => rung.percent === 100)?.at ?? "");
  const until = Math.max(now, Number.isNaN(due) ? now : due);
  const stands = standsIn(past).filter((one) => (one.to ?? now) > clock.started_at);
  const longer = extensionsIn(past);
  if (stands.length === 0 && longer.length === 0) return null;
  const place = (at: number): number => Math.max(0, Math.min(100, ((at - clock.started_at) / Math.max(1, until - clock.started_at)) * 100));
  return (
    <>
      <div class="bar passed" aria-hidden="true">
        <i style={{ width: `${place(now)}%` }} />
        {stands.map((one) => (
          <s key={one.from} style={{ left: `${place(one.from)}%`, width: `${place(one.to ?? now) - place(one.from)}%` }} />
        ))}
        {longer.map((one) => (
          <u key={one.at} style={{ left: `${place(one.at)}%` }} />
        ))}
      </div>
      <ul class="ledger" data-test="stands">
        {stands.map((one) => (
          <li key={one.from}>
            {t("stood", { why: word("pause", one.why), from: moment(one.from, now, zone()), to: one.to === null ? t("stood_still") : moment(one.to, now, zone()) })}
          </li>
        ))}
        {longer.map((one) => (
          <li key={one.at}>{t("lengthened", { at: moment(one.at, now, zone()), by: length(one.byMs, units()) })}</li>
        ))}
      </ul>
    </>
  );
}

function Clock({ clock, past }: { clock: ClockTold; past: readonly Happened[] }) {
  const now = ticking();
  const used = usedOf(clock, now);
  const due = clock.rungs.find((rung) => rung.percent === 100)?.at;
  const tone = clock.state !== "runs" ? "still" : used.isLate ? "late" : used.share > 0.8 ? "soon" : "runs";
  return (
    <li class={`clock-bar clock-${tone}`}>
      <div class="clock-head">
        <b>{word("clock", clock.kind)}</b>
        <span class="muted">
          {t("limit_of", { limit: length(clock.limit_ms, units()), unit: word("unit_kind", clock.unit) })}
        </span>
        <span class="grow" />
        <span>{stateText(clock)}</span>
        {due && <b>{moment(Date.parse(due), now, zone())}</b>}
      </div>
      <div class={`bar${clock.state === "stands" ? " bar-stands" : ""}`} aria-hidden="true">
        <i style={{ width: `${Math.round(used.share * 100)}%` }} />
        {clock.extended > 0 && <s style={{ left: `${100 / (1 + clock.extended)}%`, width: `${100 - 100 / (1 + clock.extended)}%` }} />}
        {[...clock.fired, ...clock.rungs.map((rung) => rung.percent)]
          .filter((percent) => percent < 100)
          .map((percent) => (
            <u key={percent} style={{ left: `${percent}%` }} />
          ))}
      </div>
      {clock.kind === "resolve" && <Passed clock={clock} past={past} now={now} />}
      <details>
        <summary>{t("ledger")}</summary>
        <ol class="ledger">
          {clock.rungs.map((rung) => (
            <li key={rung.percent}>
              {rung.percent} % · {rung.at ? moment(Date.parse(rung.at), now, zone()) : t("clock.stands")}
            </li>
          ))}
        </ol>
        <pre class="ledger">{clock.reckoned.rows.map(ledgerLine).join("\n")}</pre>
      </details>
    </li>
  );
}

/** Each clock as a bar: what is used, what comes when, and the reckoning to be added up with a pencil. */
export function Clocks({ clocks, past }: { clocks: readonly ClockTold[]; past: readonly Happened[] }) {
  const shown = [...clocks].sort((a, b) => Number(a.state === "stopped") - Number(b.state === "stopped"));
  return (
    <ul class="clocks">
      {shown.map((clock) => (
        <Clock key={`${clock.kind} ${clock.number}`} clock={clock} past={past} />
      ))}
    </ul>
  );
}
