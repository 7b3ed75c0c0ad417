/** The scoreboard: rates against targets, limits that broke, and the split with its causes. */
import { useEffect, useState } from "preact/hooks";
import { ask, download } from "../api/client.ts";
import { categoryName, departmentName, dutyName, gridName, personName } from "../api/session.ts";
import { lang, t } from "../i18n/index.ts";
import { DAY } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { BrokenTable, Chart } from "../score/chart.tsx";
import { BY, type Broken, type By, type HomeSplit, type Rates } from "../score/model.ts";
import { RateTable, Whole } from "../score/rates.tsx";
import { Splits } from "../score/split.tsx";
import { Awaited } from "../ui/awaited.tsx";
import { problemText, tellProblem } from "../ui/toasts.tsx";
import "../styles/score.css";

interface Figures {
  whole: Rates;
  parts: Rates;
  trend: Broken[];
  split: HomeSplit[];
}

const PERIODS = [7, 31, 90] as const;

const sinceOf = (days: number): string => `since=${encodeURIComponent(new Date(engineNow() - days * DAY).toISOString())}`;

async function figures(days: number, by: By): Promise<Figures> {
  const since = sinceOf(days);
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

/** What the page shows, as the server writes it: once the audit has who took it. */
async function save(days: number, by: By): Promise<void> {
  try {
    await download(`/v1/reports/rates/export?by=${by}&lang=${lang.value}&${sinceOf(days)}`);
  } catch (error) {
    tellProblem(error);
  }
}

function Found({ found, days, by, pick }: { found: Figures; days: number; by: By; pick: (by: By) => void }) {
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
          <button type="button" onClick={() => void save(days, by)}>
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
      <Awaited found={found} problem={problem} />
      {found !== null && <Found found={found} days={days} by={by} pick={setBy} />}
    </div>
  );
}
