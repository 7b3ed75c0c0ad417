/** Broken limits day by day, a line for each tier; the same stands in a table behind it. */
import "./language.ts";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { tierName } from "../api/session.ts";
import { lang, t } from "../i18n/index.ts";
import { theme } from "../lib/theme.ts";
import { series, type Broken } from "./model.ts";

const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4], [1, 4]];
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export function Chart({ rows }: { rows: readonly Broken[] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { days, tiers, lines } = series(rows);
    const axis = { stroke: colour("muted"), grid: { stroke: colour("line") }, ticks: { stroke: colour("line") } };
    const width = place.current!.clientWidth;
    const chart = new uPlot(
      {
        width,
        height: 220,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
        cursor: { drag: { x: false, y: false } },
        axes: [{ ...axis, values: (_, all) => all.map((at) => new Date(at * 1000).toISOString().slice(5, 10)), space: 60 }, { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 500, 1000] }],
        scales: { y: { range: (_, __, most) => [0, Math.max(5, most)] } },
        series: [
          { label: t("score.day"), value: (_, at) => (at === null ? "—" : new Date(at * 1000).toISOString().slice(0, 10)) },
          ...tiers.map((tier, n) => ({ label: tierName(tier) || t("none"), stroke: colour(`part-${n % 4}`), width: 2, dash: DASHES[n % DASHES.length]!, points: { show: days.length < 40 } })),
        ],
      },
      [days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000), ...lines],
      place.current!,
    );
    return () => chart.destroy();
  }, [rows, theme.value, lang.value]);
  return <div ref={place} class="chart" role="img" aria-label={t("score.broken")} />;
}

export function BrokenTable({ rows }: { rows: readonly Broken[] }) {
  const { days, tiers, lines } = series(rows);
  const shown = days.map((day, at) => [day, lines.map((line) => line[at] ?? 0)] as const).filter(([, line]) => line.some((n) => n > 0));
  return (
    <details>
      <summary>{t("score.as_table")}</summary>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">{t("score.day")}</th>
            {tiers.map((tier) => (
              <th scope="col" key={tier}>
                {tierName(tier) || t("none")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(([day, line]) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {line.map((n, at) => (
                <td key={tiers[at]}>{n}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
