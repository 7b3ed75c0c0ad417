import { useEffect } from "preact/hooks";
import { who } from "../api/session.ts";
import { t } from "../i18n/index.ts";
import { filterOf, queryOf, type Filter } from "../lib/facets.ts";
import { go, query } from "../lib/route.ts";
import { narrow } from "../lib/narrow.ts";
import { theme } from "../lib/theme.ts";
import { store } from "../live/store.ts";
import { BellMenu } from "../ui/bell.tsx";
import { BulkBar } from "../ui/bulk.tsx";
import { Facets } from "../ui/facets.tsx";
import { FirstVisit } from "../ui/first-visit.tsx";
import { QueueRow } from "../ui/row.tsx";
import { SavedViews } from "../ui/saved-views.tsx";
import { chooseAll, chooseNone, chosenHere, current, placeOf } from "../ui/selection.ts";
import { VirtualList } from "../ui/virtual-list.tsx";

const places = new Map<string, { top: number }>();

/** Scrolled to where this view was left. */
function placeFor(view: string): { top: number } {
  let found = places.get(view);
  if (found === undefined) {
    found = { top: 0 };
    places.set(view, found);
  }
  return found;
}

function Empty({ filter }: { filter: Filter }) {
  if (!store.isFilled.value) return <p class="empty">{t("loading")}</p>;
  const narrowed = queryOf(filter) !== "";
  return (
    <div class="empty">
      <h2>{narrowed ? t("empty.filtered") : t("empty.title")}</h2>
      <p>{narrowed ? t("empty.filtered_do") : t(filter.view === "mine" ? "empty.mine" : "empty.view")}</p>
      <p class="row-of">
        {narrowed && (
          <button type="button" onClick={() => go(`/queues/${filter.view}`)}>
            {t("clear")}
          </button>
        )}
        <button type="button" onClick={() => go("/queues/all")}>
          {t("empty.all", { n: store.total.value })}
        </button>
        {who.value?.kind === "person" && (
          <button type="button" onClick={() => go("/desk")}>
            {t("empty.report")}
          </button>
        )}
      </p>
    </div>
  );
}

function Head({ filter }: { filter: Filter }) {
  store.shape.value;
  const n = store.shown.length;
  const here = chosenHere();
  const all = n > 0 && here === n;
  return (
    <div class="queue-head">
      <input type="checkbox" checked={all} indeterminate={here > 0 && !all} onChange={all ? chooseNone : chooseAll} aria-label={t("choose_all", { n })} />
      <h1>{t(`view.${filter.view}`)}</h1>
      <span class="n" data-test="shown">
        {t("rows", { n })}
      </span>
      <input
        type="search"
        class="words"
        value={filter.words}
        placeholder={t("search_within")}
        aria-label={t("search_within")}
        onInput={(event) => go(`/queues/${filter.view}${queryOf({ ...filter, words: event.currentTarget.value })}`, true)}
      />
      {queryOf(filter) !== "" && (
        <button type="button" class="quiet" onClick={() => go(`/queues/${filter.view}`)}>
          {t("clear")}
        </button>
      )}
      <BellMenu key={`${filter.view}${queryOf(filter)}`} filter={filter} />
      <SavedViews filter={filter} />
    </div>
  );
}

function Rows({ filter }: { filter: Filter }) {
  store.shape.value;
  const height = narrow.value ? 96 : theme.value === "wall" ? 76 : 56;
  const count = store.shown.length;
  if (count === 0) return <Empty filter={filter} />;
  return (
    <VirtualList
      count={count}
      rowHeight={height}
      label={t(`view.${filter.view}`)}
      current={placeOf(current.value)}
      place={placeFor(filter.view)}
      row={(index, top) => {
        const row = store.shown[index];
        if (row === undefined) return null;
        return <QueueRow key={row.id} cell={store.cell(row)} top={top} index={index} count={count} />;
      }}
    />
  );
}

export function QueuePage({ view }: { view: string }) {
  const filter = filterOf(view, query.value);
  useEffect(() => store.show(filter), [view, query.value]);
  useEffect(() => {
    document.title = `${t(`view.${view}`)} · ${t("brand")}`;
  });
  return (
    <div class="queue">
      <Facets filter={filter} />
      <section class="queue-main" aria-label={t("page.queue")}>
        <Head filter={filter} />
        <FirstVisit />
        {who.value?.kind === "person" && <BulkBar />}
        <Rows key={view} filter={filter} />
      </section>
    </div>
  );
}
