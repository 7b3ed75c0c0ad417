/** The split of each home against its target, and why each party is off: eligibility, emergencies, by hand, allocation. */
import { dutyName, homeName } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { percent, tickets, type HomeSplit, type PartyTold } from "./model.ts";

function Bar({ parties }: { parties: readonly PartyTold[] }) {
  const all = parties.reduce((sum, one) => sum + one.n, 0);
  return (
    <>
      <div class="split-bar" aria-hidden="true">
        {parties.map((one, index) => (
          <i key={one.code} class={`part part-${index}`} style={{ width: `${percent(one.n, all) ?? 0}%` }} />
        ))}
      </div>
      <div class="split-bar split-target" aria-hidden="true">
        {parties.map((one, index) => (
          <i key={one.code} class={`part part-${index}`} style={{ width: `${one.share}%` }} />
        ))}
      </div>
    </>
  );
}

function causes(one: PartyTold): string {
  const found = Object.entries(one.causes).filter(([, n]) => n !== 0);
  return found.map(([cause, n]) => `${word("cause", cause)} ${tickets(n)}`).join("，") || "—";
}

function Home({ split }: { split: HomeSplit }) {
  const all = split.parties.reduce((sum, one) => sum + one.n, 0);
  const apart = Object.entries(split.apart).map(([name, n]) => `${word("apart", name)} ${n}`);
  return (
    <section class="card" aria-label={split.home === "" ? t("whole_city") : homeName(split.home)}>
      <h3>
        {split.home === "" ? t("whole_city") : homeName(split.home)} <small class="muted">{t("score.split_n", { n: all })} {apart.join(" · ")}</small>
      </h3>
      <Bar parties={split.parties} />
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">{t("score.party")}</th>
            <th scope="col">{t("score.got")}</th>
            <th scope="col">{t("score.target")}</th>
            <th scope="col">{t("score.drift")}</th>
            <th scope="col">{t("score.why")}</th>
          </tr>
        </thead>
        <tbody>
          {split.parties.map((one, index) => (
            <tr key={one.code}>
              <th scope="row">
                <span class={`key part-${index}`} aria-hidden="true" />
                {dutyName(one.code)}
              </th>
              <td>
                {one.n} <small class="muted">{percent(one.n, all)?.toFixed(1) ?? "—"} %</small>
              </td>
              <td>{one.share} %</td>
              <td>{tickets(one.drift)}</td>
              <td>{causes(one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function Splits({ rows }: { rows: readonly HomeSplit[] }) {
  const [whole, ...homes] = rows;
  if (whole === undefined) return <p class="empty">{t("empty.numbers")}</p>;
  return (
    <>
      <Home split={whole} />
      <details>
        <summary>{t("score.by_home", { n: homes.length })}</summary>
        <div class="splits">
          {homes.slice(0, 100).map((one) => (
            <Home key={one.home} split={one} />
          ))}
        </div>
      </details>
    </>
  );
}
