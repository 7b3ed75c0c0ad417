import { useEffect, useState } from "preact/hooks";
import { ask, download } from "../api/client.ts";
import { dutyName, homeName, pack } from "../api/session.ts";
import { lang, t } from "../i18n/index.ts";
import { DAY } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Awaited } from "../ui/awaited.tsx";
import { problemText, tellProblem } from "../ui/toasts.tsx";

interface Counted {
  home: string;
  party: string | null;
  n: number;
  open: number;
  breached: number;
}

interface Line {
  home: string;
  n: number;
  open: number;
  breached: number;
  parties: Map<string, number>;
}

const PERIODS = [1, 7, 31] as const;
const sinceOf = (days: number): string => `since=${encodeURIComponent(new Date(engineNow() - days * DAY).toISOString())}`;

/** Put together by home; the whole city first. */
export function linesOf(rows: readonly Counted[], city: string): Line[] {
  const found = new Map<string, Line>();
  for (const row of rows) {
    for (const home of [city, row.home]) {
      const line = found.get(home) ?? { home, n: 0, open: 0, breached: 0, parties: new Map<string, number>() };
      found.set(home, line);
      line.n += row.n;
      line.open += row.open;
      line.breached += row.breached;
      if (row.party !== null) line.parties.set(row.party, (line.parties.get(row.party) ?? 0) + row.n);
    }
  }
  return [...found.values()].sort((a, b) => Number(b.home === city) - Number(a.home === city) || b.n - a.n);
}

function splitOf(line: Line): { code: string; n: number; share: number; target: number }[] {
  const parties = pack.value?.parties ?? [];
  const all = parties.reduce((sum, one) => sum + (line.parties.get(one.code) ?? 0), 0);
  return parties.map((one) => {
    const n = line.parties.get(one.code) ?? 0;
    return { code: one.code, n, share: all === 0 ? 0 : (100 * n) / all, target: one.share };
  });
}

function Split({ line }: { line: Line }) {
  const parts = splitOf(line);
  return (
    <div class="split">
      <div class="split-bar" aria-hidden="true">
        {parts.map((part, index) => (
          <i key={part.code} class={`part part-${index}`} style={{ width: `${part.share}%` }} />
        ))}
      </div>
      <span class="split-words">
        {parts.map((part, index) => (
          <span key={part.code}>
            <span class={`key part-${index}`} aria-hidden="true" />
            {dutyName(part.code)} {part.n} · {part.share.toFixed(0)} %<span class="muted"> / {part.target} %</span>
          </span>
        ))}
      </span>
    </div>
  );
}

async function save(days: number): Promise<void> {
  try {
    await download(`/v1/reports/tickets/export?by=home&lang=${lang.value}&${sinceOf(days)}`);
  } catch (error) {
    tellProblem(error);
  }
}

const nameOf = (line: Line): string => (line.home === "" ? t("whole_city") : homeName(line.home));

function Table({ lines }: { lines: readonly Line[] }) {
  return (
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">{t("col.home")}</th>
            <th scope="col">{t("col.all")}</th>
            <th scope="col">{t("col.open")}</th>
            <th scope="col">{t("col.breached")}</th>
            <th scope="col">{t("col.split")}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.home} class={line.home === "" ? "total" : ""}>
              <th scope="row">{nameOf(line)}</th>
              <td>{line.n}</td>
              <td>{line.open}</td>
              <td>
                {line.breached}
                <span class="muted"> {line.n === 0 ? "" : `${((100 * line.breached) / line.n).toFixed(1)} %`}</span>
              </td>
              <td>
                <Split line={line} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The 10/20/30/40 split by home against its target, and how many limits were broken. */
export function NumbersPage() {
  const [days, setDays] = useState<number>(7);
  const [lines, setLines] = useState<Line[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    document.title = `${t("page.numbers")} · ${t("brand")}`;
    ask<{ rows: Counted[] }>(`/v1/reports/tickets?by=home&by=party&${sinceOf(days)}`).then(
      (found) => setLines(linesOf(found.rows, "")),
      (error: unknown) => setProblem(problemText(error)),
    );
  }, [days]);
  return (
    <div class="page">
      <header class="card-head">
        <h1>{t("page.numbers")}</h1>
        <span class="grow" />
        {PERIODS.map((one) => (
          <button key={one} type="button" aria-pressed={days === one} onClick={() => setDays(one)}>
            {t("last_days", { n: one })}
          </button>
        ))}
        <button type="button" disabled={!lines?.length} onClick={() => void save(days)}>
          CSV
        </button>
      </header>
      <Awaited found={lines} problem={problem} />
      {lines?.length === 0 && <p class="empty">{t("empty.numbers")}</p>}
      {lines !== null && lines.length > 0 && <Table lines={lines} />}
    </div>
  );
}
