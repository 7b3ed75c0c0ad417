/** The scoreboard: rates against targets, limits that broke, and the split with its causes. */
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { categoryName, departmentName, dutyName, gridName, personName, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { csvOf } from "../lib/csv.ts";
import { DAY, day } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { BrokenTable, Chart } from "../score/chart.tsx";
import { BY, RATES, percent, type Broken, type By, type HomeSplit, type RateRow, type Rates } from "../score/model.ts";
import { RateTable, Whole } from "../score/rates.tsx";
import { Splits } from "../score/split.tsx";
import { problemText } from "../ui/toasts.tsx";
import "../styles/score.css";

interface Figures {
  whole: Rates;
  parts: Rates;
  trend: Broken[];
  split: HomeSplit[];
}

const PERIODS = [7, 31, 90] as const;

async function figures(days: number, by: By): Promise<Figures> {
  const since = `since=${encodeURIComponent(new Date(engineNow() - days * DAY).toISOString())}`;
  const [whole, parts, trend, split] = await Promise.all([
    ask<Rates>(`/v1/reports/rates?${since}`),
    ask<Rates>(`/v1/reports/rates?by=${by}&${since}`),
    ask<{ rows: Broken[] }>(`/v1/reports/trend?${since}`),
    ask<{ rows: HomeSplit[] }>(`/v1/reports/split?${since}`),
  ]);
  return { whole, parts, trend: trend.rows, split: split.rows };
}

function nameBy(by: By, code: string | null): string {
  if (code === null) return t("none");
  if (by === "category") return categoryName(code);
  if (by === "department") return departmentName(code);
  if (by === "party") return dutyName(code);
  if (by === "person") return personName(code);
  return gridName(code);
}

function save(rows: readonly RateRow[], by: By): void {
  const head = [t(`score_by.${by}`), t("col.all"), ...RATES.flatMap((name) => [word("rate", name), `${word("rate", name)} n`, `${word("rate", name)} N`])];
  const body = rows.map((row) => [
    nameBy(by, row.code),
    row.received,
    ...RATES.flatMap((name) => {
      const rate = row.rates[name];
      return rate === undefined ? ["", 0, 0] : [String(percent(rate.n, rate.of) ?? ""), rate.n, rate.of];
    }),
  ]);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csvOf([head, ...body])], { type: "text/csv" }));
  link.download = `rates-${by}-${day(engineNow(), zone())}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Found({ found, by, pick }: { found: Figures; by: By; pick: (by: By) => void }) {
  const first = found.whole.rows[0];
  return (
    <>
      <section class="card" aria-label={t("score.rates")}>
        <h2>{t("score.rates")}</h2>
        {first && <Whole row={first} targets={found.whole.targets} />}
        <p class="row-of" role="toolbar" aria-label={t("score.by")}>
          {BY.map((one) => (
            <button key={one} type="button" aria-pressed={by === one} onClick={() => pick(one)}>
              {t(`score_by.${one}`)}
            </button>
          ))}
          <span class="grow" />
          <button type="button" onClick={() => save(found.parts.rows, by)}>
            CSV
          </button>
        </p>
        <RateTable rows={found.parts.rows} targets={found.parts.targets} nameOf={(code) => nameBy(by, code)} />
        <p class="muted">{t("score.raw_says")}</p>
      </section>
      <section class="card" aria-label={t("score.broken")}>
        <h2>{t("score.broken")}</h2>
        {found.trend.length === 0 ? <p class="muted">{t("score.none_broke")}</p> : <Chart rows={found.trend} />}
        {found.trend.length > 0 && <BrokenTable rows={found.trend} />}
      </section>
      <h2>{t("score.split")}</h2>
      <Splits rows={found.split} />
    </>
  );
}

export function ScorePage() {
  const [days, setDays] = useState<number>(31);
  const [by, setBy] = useState<By>("street");
  const [found, setFound] = useState<Figures | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    document.title = `${t("page.score")} · ${t("brand")}`;
    let isHere = true;
    figures(days, by).then(
      (all) => isHere && setFound(all),
      (error: unknown) => isHere && setProblem(problemText(error)),
    );
    return () => {
      isHere = false;
    };
  }, [days, by]);
  return (
    <div class="page score">
      <header class="card-head">
        <h1>{t("page.score")}</h1>
        <span class="grow" />
        {PERIODS.map((one) => (
          <button key={one} type="button" aria-pressed={days === one} onClick={() => setDays(one)}>
            {t("last_days", { n: one })}
          </button>
        ))}
      </header>
      {problem && <p class="empty">{problem}</p>}
      {!problem && found === null && <p class="empty">{t("loading")}</p>}
      {found !== null && <Found found={found} by={by} pick={setBy} />}
    </div>
  );
}
