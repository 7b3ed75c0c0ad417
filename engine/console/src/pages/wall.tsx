/** The wallboard: large figures and the nearest rows of each view in turn, to be read from across a room. */
import { computed, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { categoryName, isWatching, pack, zone } from "../api/session.ts";
import { both, t, word } from "../i18n/index.ts";
import type { Row } from "../api/model.ts";
import { filterOf } from "../lib/facets.ts";
import { query } from "../lib/route.ts";
import { lend } from "../lib/theme.ts";
import { clockSeconds, type Band } from "../lib/time.ts";
import { roomFor, viewAt, wallOf } from "../lib/wall.ts";
import { second, ticking } from "../live/clock.ts";
import { store } from "../live/store.ts";
import { Exercise } from "../ui/exercise.tsx";
import { Icon } from "../ui/icon.tsx";
import { Limit, Urgency, WhereAndWho } from "../ui/row.tsx";

const BANDS: Band[] = ["late", "soon", "today", "later", "none"];
const ROW = 92;
/** The head, the figures and the banner of a lost connection; and the bar above where there is one. */
const TAKEN = 290;
const BAR = 48;

const height = signal(innerHeight);
addEventListener("resize", () => (height.value = innerHeight));

function Figures() {
  const counts = store.counts.value?.band ?? new Map<string, number>();
  const all = [...counts.values()].reduce((sum, n) => sum + n, 0);
  return (
    <dl class="figures">
      <div>
        <dt>{t("wall.all")}</dt>
        <dd data-test="wall-all">{all}</dd>
      </div>
      {BANDS.map((band) => (
        <div key={band} class={counts.get(band) ? `figure-${band}` : "figure-zero"}>
          <dt>
            <Icon name={band} /> {t(`band.${band}`)}
          </dt>
          <dd>{counts.get(band) ?? 0}</dd>
        </div>
      ))}
    </dl>
  );
}

function WallRow({ first }: { first: Row }) {
  const row = store.cell(first).value;
  return (
    <li class="wall-row" data-id={row.id}>
      <Limit row={row} />
      <span class="what">
        <span class="line">
          <Urgency code={row.urgency} />
          <Exercise played={row.exercise} />
          <b>{categoryName(row.category) || t("no_category")}</b>
        </span>
        <bdi class="text">{row.text ?? ""}</bdi>
      </span>
      <WhereAndWho row={row} />
      <span class={`status status-${row.status}`}>{word("status", row.status)}</span>
    </li>
  );
}

/** Those whose limit is nearest stand first, as in every queue. */
function Nearest({ isKiosk }: { isKiosk: boolean }) {
  store.shape.value;
  if (!isWatching()) return <p class="empty">{t("wall.no_queues")}</p>;
  if (store.shown.length === 0) return <p class="empty">{t(store.isFilled.value ? "empty.title" : "loading")}</p>;
  return (
    <ol class="wall-rows">
      {store.shown.slice(0, roomFor(height.value, TAKEN + (isKiosk ? 0 : BAR), ROW)).map((row) => (
        <WallRow key={row.id} first={row} />
      ))}
    </ol>
  );
}

function Clock() {
  return <time class="wall-clock">{clockSeconds(ticking(), zone())}</time>;
}

export function WallPage() {
  const wall = wallOf(query.value);
  const begun = useMemo(() => performance.now(), [query.value]);
  const view = useMemo(() => computed(() => (second.value, viewAt(wall, performance.now() - begun))), [begun]).value;
  useEffect(() => lend("wall"), []);
  useEffect(() => store.show(filterOf(view, query.value)), [view, query.value]);
  useEffect(() => {
    document.title = `${t("page.wall")} · ${t("brand")}`;
  });
  return (
    <div class={wall.isKiosk ? "wall wall-kiosk" : "wall"}>
      <header class="wall-head">
        <h1>{t(`view.${view}`)}</h1>
        {wall.views.length > 1 && (
          <ol class="turns" aria-label={t("views")}>
            {wall.views.map((one) => (
              <li key={one} class={one === view ? "turn-now" : ""}>
                {t(`view.${one}`)}
              </li>
            ))}
          </ol>
        )}
        <span class="grow" />
        <span class="muted">{both(pack.value ? [pack.value.title, pack.value.title_zh] : null)}</span>
        <Clock />
      </header>
      <Figures />
      <Nearest isKiosk={wall.isKiosk} />
    </div>
  );
}
