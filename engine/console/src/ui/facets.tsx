import { useState } from "preact/hooks";
import { both, has, t, word } from "../i18n/index.ts";
import { categoryName, departmentName, dutyName, gridName, pack, tierName } from "../api/session.ts";
import { listed, ofLaw } from "../lib/facet-values.ts";
import { FACETS, VIEWS, queryOf, toggled, type Facet, type Filter } from "../lib/facets.ts";
import { go } from "../lib/route.ts";
import { store } from "../live/store.ts";
import { Link } from "./link.tsx";

function labelOf(facet: Facet, value: string): string {
  switch (facet) {
    case "band":
      return t(`band.${value}`);
    case "status":
      return word("status", value);
    case "tier":
      return tierName(value);
    case "party":
      return dutyName(value);
    case "category":
      return value === "" ? t("no_category") : categoryName(value);
    case "dept":
      return departmentName(value);
    case "leaf":
      return gridName(value);
    case "urgency":
      return word("urgency", value);
    case "street":
      return streetName(value);
  }
}

/** By the law's grids; whoever is not told those has the name from the rows that lie there. */
function streetName(code: string): string {
  const named = gridName(code);
  if (named !== code) return named;
  for (const row of store.rows.values()) if (row.street === code && row.labels?.street) return both(row.labels.street);
  return code;
}

/** Values that stood in a facet since the page was opened: where nothing stands in one any more, it stays with its zero. */
const known = new Map<Facet, Set<string>>();

function Group({ facet, filter }: { facet: Facet; filter: Filter }) {
  const [isWhole, setWhole] = useState(false);
  const counts = store.counts.value?.[facet] ?? new Map<string, number>();
  const chosen = filter.chosen[facet] ?? [];
  const met = known.get(facet) ?? known.set(facet, new Set()).get(facet)!;
  if (facet !== "leaf") for (const value of counts.keys()) met.add(value);
  const { values, left } = listed(ofLaw(facet, pack.value), facet === "leaf" ? new Map() : counts, met, chosen, isWhole);
  if (values.length === 0) return null;
  return (
    <fieldset class="facet">
      <legend>{t(`facet.${facet}`)}</legend>
      {values.map((value) => (
        <label key={value} class={counts.get(value) ? "" : "zero"}>
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={() => go(`/queues/${filter.view}${queryOf(toggled(filter, facet, value))}`)}
          />
          <span>{labelOf(facet, value)}</span>
          <span class="n">{counts.get(value) ?? 0}</span>
        </label>
      ))}
      {(left > 0 || isWhole) && (
        <button type="button" class="quiet" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? t("facet.fewer") : t("facet.all", { n: values.length + left })}
        </button>
      )}
    </fieldset>
  );
}

export function Facets({ filter }: { filter: Filter }) {
  return (
    <aside class="facets" aria-label={t("filters")}>
      <nav class="views" aria-label={t("views")}>
        {VIEWS.map((view) => (
          <Link key={view} to={`/queues/${view}`} current={filter.view === view}>
            <span>{has(`view.${view}`) ? t(`view.${view}`) : view}</span>
            <span class="n">{store.views.value[view] ?? 0}</span>
          </Link>
        ))}
      </nav>
      {FACETS.map((facet) => (
        <Group key={facet} facet={facet} filter={filter} />
      ))}
    </aside>
  );
}
