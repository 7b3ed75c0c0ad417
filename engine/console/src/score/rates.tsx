/** Rates against their targets: how it stands now, and raw beside it. */
import { t, word } from "../i18n/index.ts";
import { Icon } from "../ui/icon.tsx";
import { RATES, percent, type Rate, type RateRow, type Rates } from "./model.ts";

/** One rate in words: met or not by a mark and a word, never by colour alone. */
function Figure({ rate, target }: { rate: Rate | undefined; target: number | undefined }) {
  const now = rate === undefined ? null : percent(rate.n, rate.of);
  if (rate === undefined || now === null) return <span class="muted">—</span>;
  const raw = rate.raw === undefined ? null : percent(rate.raw, rate.of);
  return (
    <>
      {target !== undefined && (
        <span class={now >= target ? "good" : "bad"} title={t(now >= target ? "score.met" : "score.missed", { n: target })}>
          <Icon name={now >= target ? "check" : "cross"} />
          <span class="sr">{t(now >= target ? "score.met" : "score.missed", { n: target })}</span>
        </span>
      )}{" "}
      {now.toFixed(1)} % <small class="muted">{`${rate.n}/${rate.of}`}</small>
      {raw !== null && raw !== now && <small class="muted"> {t("score.raw", { n: raw.toFixed(1) })}</small>}
    </>
  );
}

export function Whole({ row, targets }: { row: RateRow; targets: Rates["targets"] }) {
  return (
    <dl class="figures" data-test="rates">
      {RATES.map((name) => (
        <div key={name}>
          <dt>
            {word("rate", name)}
            {targets[name] !== undefined && ` ${t("score.target_of", { n: targets[name] })}`}
          </dt>
          <dd>
            <Figure rate={row.rates[name]} target={targets[name]} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function RateTable({ rows, targets, nameOf }: { rows: readonly RateRow[]; targets: Rates["targets"]; nameOf: (code: string | null) => string }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("score.rates")}>
      <table class="numbers rates" data-test="rate-table">
        <thead>
          <tr>
            <th scope="col">{t("score.by")}</th>
            <th scope="col">{t("col.all")}</th>
            {RATES.map((name) => (
              <th scope="col" key={name}>
                {word("rate", name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.code ?? ""}>
              <th scope="row">{nameOf(row.code)}</th>
              <td>{row.received}</td>
              {RATES.map((name) => (
                <td key={name}>
                  <Figure rate={row.rates[name]} target={targets[name]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
