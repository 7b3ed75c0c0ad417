/** The city as a map, and the same as a table: what is open and late in each grid, and where the same comes again. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { Refusal, ask } from "../api/client.ts";
import { categoryName, gridName, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { go, ticketAddress } from "../lib/route.ts";
import { day } from "../lib/time.ts";
import { engineNow, second } from "../live/clock.ts";
import { store } from "../live/store.ts";
import { Canvas, type Spot } from "../map/canvas.tsx";
import type { Grids } from "../map/geometry.ts";
import { tallied, type By, type Tally } from "../map/tally.ts";
import { Awaited } from "../ui/awaited.tsx";
import { Link } from "../ui/link.tsx";
import { problemText } from "../ui/toasts.tsx";
import "../styles/map.css";

interface Trouble {
  home: string;
  leaf: string | null;
  category: string;
  n: number;
  tickets: string[];
  last_at: number;
  review_at: number;
  lat?: number;
  lon?: number;
}

const AT_MOST = 200;

const hasWebGl = (): boolean => {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
};

function useFacts() {
  const [grids, setGrids] = useState<Grids | null>(null);
  const [troubles, setTroubles] = useState<Trouble[]>([]);
  const [problem, setProblem] = useState("");
  const [without, setWithout] = useState(false);
  useEffect(() => {
    ask<Grids>("/v1/map").then(setGrids, (error: unknown) => setProblem(problemText(error)));
    ask<{ points: Trouble[] }>("/v1/points").then(
      (found) => setTroubles(found.points),
      (error: unknown) => setWithout(error instanceof Refusal),
    );
  }, []);
  return { grids, troubles, problem, without };
}

/** Counted anew each second while rows change, and not with each of five hundred changes. */
function useTallies(): ReadonlyMap<string, Tally> {
  const at = second.value;
  return useMemo(() => tallied(store.rows.values(), engineNow()), [at, store.isFilled.value]);
}

interface TableProps {
  codes: readonly string[];
  tallies: ReadonlyMap<string, Tally>;
  chosen: ReadonlySet<string>;
  toggle: (code: string) => void;
}

function GridTable({ codes, tallies, chosen, toggle }: TableProps) {
  return (
    <div class="scroll map-table" tabIndex={0} role="region" aria-label={t("map.grids")}>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">{t("map.grid")}</th>
            <th scope="col">{t("map.open")}</th>
            <th scope="col">{t("map.late")}</th>
          </tr>
        </thead>
        <tbody>
          {codes.slice(0, AT_MOST).map((code) => (
            <tr key={code}>
              <th scope="row">
                <label class="line">
                  <input type="checkbox" checked={chosen.has(code)} onChange={() => toggle(code)} /> {gridName(code)}
                </label>
              </th>
              <td>{tallies.get(code)?.open ?? 0}</td>
              <td>{tallies.get(code)?.late ?? 0}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Troubles({ troubles, without }: { troubles: readonly Trouble[]; without: boolean }) {
  return (
    <section class="card" aria-label={t("map.troubles")}>
      <h2>{t("map.troubles")}</h2>
      {without && <p class="muted">{t("problem.no-archive")}</p>}
      {!without && troubles.length === 0 && <p class="muted">{t("map.no_troubles")}</p>}
      <ul class="packs" data-test="troubles">
        {troubles.slice(0, AT_MOST).map((one) => (
          <li key={`${one.home}${one.leaf}${one.category}${one.tickets[0]}`}>
            <b>{one.n} ×</b> {categoryName(one.category)} · {gridName(one.leaf ?? one.home)} · {t("map.review", { day: day(one.review_at, zone()) })}{" "}
            {one.tickets.slice(-3).map((id) => (
              <Link key={id} to={ticketAddress(id)} class="id">
                {id}{" "}
              </Link>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Legend({ by, pick }: { by: By; pick: (by: By) => void }) {
  return (
    <>
      {(["open", "late"] as const).map((one) => (
        <button key={one} type="button" aria-pressed={by === one} onClick={() => pick(one)}>
          {t(`map_by.${one}`)}
        </button>
      ))}
      <span class="muted legend">
        {["0", "1–2", "3–5", "6–10", "11+"].map((text, n) => (
          <span key={text} class="line">
            <i class={`shade shade-${by} shade-${n}`} aria-hidden="true" /> {text}
          </span>
        ))}
      </span>
    </>
  );
}

export function MapPage() {
  const { grids, troubles, problem, without } = useFacts();
  const tallies = useTallies();
  const [by, setBy] = useState<By>("open");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [over, setOver] = useState<string | null>(null);
  const [isDrawn, setDrawn] = useState(hasWebGl);
  useEffect(() => {
    document.title = `${t("page.map")} · ${t("brand")}`;
  }, []);
  const toggle = (code: string) => setChosen(new Set(chosen.has(code) ? [...chosen].filter((one) => one !== code) : [...chosen, code]));
  const codes = useMemo(() => {
    const all = new Set([...(grids?.features.map((one) => one.properties.code) ?? []), ...tallies.keys()]);
    return [...all].sort((a, b) => (tallies.get(b)?.[by] ?? 0) - (tallies.get(a)?.[by] ?? 0) || (a < b ? -1 : 1));
  }, [grids, tallies, by]);
  const spots = useMemo(() => troubles.flatMap((one): Spot[] => (one.lat === undefined || one.lon === undefined ? [] : [{ lat: one.lat, lon: one.lon, n: one.n }])), [troubles]);
  const queue = () => go(`/queues/all?${[...chosen].slice(0, AT_MOST).map((code) => `leaf=${encodeURIComponent(code)}`).join("&")}`);
  return (
    <div class="page map-page">
      <header class="card-head">
        <h1>{t("page.map")}</h1>
        <Legend by={by} pick={setBy} />
        <span class="grow" />
        <button type="button" class="primary" disabled={chosen.size === 0} onClick={queue}>
          {t("map.to_queue", { n: chosen.size })}
        </button>
        <button type="button" disabled={chosen.size === 0} onClick={() => setChosen(new Set())}>
          {t("choose_none")}
        </button>
      </header>
      <Awaited found={grids} problem={problem} />
      {!isDrawn && <p class="lost" data-test="no-webgl">{t("map.no_webgl")}</p>}
      {grids !== null && grids.features.length === 0 && <p class="muted">{t("map.no_outlines")}</p>}
      <div class={isDrawn && grids?.features.length ? "map-beside" : ""}>
        {isDrawn && grids !== null && grids.features.length > 0 && (
          <Canvas grids={grids} tallies={tallies} by={by} chosen={chosen} spots={spots} choose={(found) => setChosen(new Set(found))} say={setOver} failed={() => setDrawn(false)} />
        )}
        <section aria-label={t("map.grids")}>
          <p class="muted" aria-hidden="true">
            {over === null ? t("map.hint") : `${gridName(over)} · ${word("map", "open")} ${tallies.get(over)?.open ?? 0} · ${word("map", "late")} ${tallies.get(over)?.late ?? 0}`}
          </p>
          <GridTable codes={codes} tallies={tallies} chosen={chosen} toggle={toggle} />
        </section>
      </div>
      <Troubles troubles={troubles} without={without} />
    </div>
  );
}
