/** What came of a check: every fault with its place, mend and witness, or what differs from the law in force. */
import { t, word } from "../i18n/index.ts";
import { bySection, shown, type Changed, type Tried } from "./model.ts";

const MOST = 300;

export function Faults({ faults }: { faults: readonly string[] }) {
  return (
    <section class="card" aria-label={t("law.faults")}>
      <h2 class="bad">{t("law.faults_n", { n: faults.length })}</h2>
      <ol class="faults" data-test="faults">
        {faults.map((one) => (
          <li key={one}>
            <bdi>{one}</bdi>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function Sections({ changed }: { changed: readonly Changed[] }) {
  if (changed.length === 0) return <p>{t("law.same")}</p>;
  return (
    <ul class="row-of" data-test="sections">
      {bySection(changed).map(([section, n]) => (
        <li key={section} class="chip">
          {word("section", section)} <b>{n}</b>
        </li>
      ))}
    </ul>
  );
}

function Rows({ changed }: { changed: readonly Changed[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("law.differences")}>
      <table class="numbers diff">
        <thead>
          <tr>
            <th scope="col">{t("law.where")}</th>
            <th scope="col">{t("law.before")}</th>
            <th scope="col">{t("law.after")}</th>
          </tr>
        </thead>
        <tbody>
          {changed.slice(0, MOST).map((one) => (
            <tr key={`${one.section}.${one.name}`}>
              <th scope="row">
                {word("section", one.section)} <bdi class="id">{one.name}</bdi>
              </th>
              <td>
                <bdi>{shown(one.before)}</bdi>
              </td>
              <td>
                <bdi>{shown(one.after)}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {changed.length > MOST && <p class="muted">{t("law.more", { n: changed.length - MOST })}</p>}
    </div>
  );
}

/** How a pack differs from the law in force; the page says beside it what can be done with it. */
export function Differences({ tried }: { tried: Tried }) {
  const changed = tried.differences ?? [];
  return (
    <>
      <p class="good" data-test="sound">
        {t("law.sound")} <span class="id">{tried.ref}</span>
      </p>
      {tried.split_bound && <p class="muted">{t("law.bound", { n: tried.split_bound })}</p>}
      <Sections changed={changed} />
      {changed.length > 0 && <Rows changed={changed} />}
    </>
  );
}
