import { both, has, t, word } from "../i18n/index.ts";
import type { Pair } from "../api/model.ts";
import { categoryName, departmentName, dutyName, gridName, pack, tierName } from "../api/session.ts";
import { FACETS, VIEWS, queryOf, toggled, type Facet, type Filter } from "../lib/facets.ts";
import { go } from "../lib/route.ts";
import { store } from "../live/store.ts";
import { Link } from "./link.tsx";

const STATUSES = ["received", "verifying", "offered", "accepted", "handling", "whistled", "parked", "done", "surveyed"];
const URGENCIES = ["U1", "U2", "U3", "U4"];
const BANDS = ["late", "soon", "today", "later", "none"];
const SHOWN = 8;

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
      return both(streets.get(value)) || value;
  }
}

/** Values that stood in a facet since the page was opened: where nothing stands in one any more, it stays with its zero. */
const known = new Map<Facet, Set<string>>();

const streets = new Map<string, Pair | null | undefined>();

/** Streets are named by the rows that lie in them. */
function nameStreets(): void {
  const codes = store.counts.value?.street.keys() ?? [];
  if ([...codes].every((code) => streets.has(code))) return;
  for (const row of store.rows.values()) if (row.street) streets.set(row.street, row.labels?.street);
}

/** What a facet lists: those that the law has, also where none stands in them now, so that an empty one is seen to be
 * empty; else those that are there. */
function valuesFor(facet: Facet, counts: Map<string, number>, chosen: readonly string[]): string[] {
  if (facet === "band") return BANDS;
  if (facet === "tier") return [...new Set(Object.values(pack.value?.ladders ?? {}).flatMap((steps) => steps.map((one) => one.code)))];
  if (facet === "leaf") return [...chosen]; // the map chooses them: a city has thousands
  if (facet === "party") return pack.value?.parties.map((one) => one.code) ?? [];
  if (facet === "urgency") return URGENCIES;
  if (facet === "status") return [...new Set([...STATUSES, ...counts.keys()])];
  const met = known.get(facet) ?? known.set(facet, new Set()).get(facet)!;
  for (const value of counts.keys()) met.add(value);
  const found = [...met].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || (a < b ? -1 : 1));
  return [...new Set([...chosen, ...found])].slice(0, Math.max(SHOWN, chosen.length));
}

function Group({ facet, filter }: { facet: Facet; filter: Filter }) {
  const counts = store.counts.value?.[facet] ?? new Map<string, number>();
  const chosen = filter.chosen[facet] ?? [];
  const values = valuesFor(facet, counts, chosen);
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
    </fieldset>
  );
}

export function Facets({ filter }: { filter: Filter }) {
  nameStreets();
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
