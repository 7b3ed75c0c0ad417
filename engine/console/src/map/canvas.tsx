/** The drawn map: outlines without tiles, coloured by what the page says of each; a box or a polygon chooses grids. */
import { Map as Drawn, NavigationControl, setWorkerUrl, type GeoJSONSource, type MapMouseEvent, type StyleSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { theme } from "../lib/theme.ts";
import { bounds, box, within, type Grids, type Point, type Ring } from "./geometry.ts";
import { shade, type By, type Tally } from "./tally.ts";
import "maplibre-gl/dist/maplibre-gl.css";

setWorkerUrl(workerUrl);

export interface Spot {
  lon: number;
  lat: number;
  n: number;
}

interface Props {
  grids: Grids;
  tallies: ReadonlyMap<string, Tally>;
  by: By;
  chosen: ReadonlySet<string>;
  spots: readonly Spot[];
  choose: (codes: string[]) => void;
  say: (code: string | null) => void;
  failed: () => void;
}

type Mode = "look" | "box" | "polygon";
const NOTHING = { type: "FeatureCollection" as const, features: [] };
const OPACITY = [0.06, 0.25, 0.45, 0.65, 0.88];

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function styleOf(grids: Grids): StyleSpecification {
  const shaded = ["match", ["coalesce", ["feature-state", "shade"], 0], ...OPACITY.slice(0, -1).flatMap((one, n) => [n, one]), OPACITY[OPACITY.length - 1]!];
  return {
    version: 8,
    sources: {
      grids: { type: "geojson", data: grids as never },
      spots: { type: "geojson", data: NOTHING },
      drawn: { type: "geojson", data: NOTHING },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("ground") } },
      { id: "fill", type: "fill", source: "grids", paint: { "fill-color": colour("accent"), "fill-opacity": shaded as never } },
      { id: "line", type: "line", source: "grids", paint: { "line-color": colour("strong-line"), "line-width": 1 } },
      { id: "chosen", type: "line", source: "grids", paint: { "line-color": colour("ink"), "line-width": ["case", ["boolean", ["feature-state", "chosen"], false], 4, 0] } },
      { id: "spots", type: "circle", source: "spots", paint: { "circle-radius": ["min", 18, ["+", 4, ["get", "n"]]], "circle-color": colour("soon"), "circle-stroke-color": colour("card"), "circle-stroke-width": 2 } },
      { id: "drawn", type: "line", source: "drawn", paint: { "line-color": colour("ink"), "line-width": 2, "line-dasharray": [2, 1] } },
    ],
  };
}

/** What was drawn so far, shown as a closed line. */
function show(map: Drawn, ring: Ring): void {
  const closed = ring.length === 0 ? [] : [...ring, ring[0]!];
  const line = { type: "Feature" as const, properties: {}, geometry: { type: "LineString" as const, coordinates: closed as unknown as number[][] } };
  map.getSource<GeoJSONSource>("drawn")?.setData(ring.length < 2 ? NOTHING : line);
}

/** Drawing: a box by dragging, a polygon corner by corner until it is ended. */
function drawing(map: Drawn, mode: Mode, done: (ring: Ring) => void): () => void {
  let corners: Point[] = [];
  let first: Point | null = null;
  const at = (event: MapMouseEvent): Point => [event.lngLat.lng, event.lngLat.lat];
  const down = (event: MapMouseEvent) => {
    if (mode !== "box") return;
    event.preventDefault();
    first = at(event);
  };
  const move = (event: MapMouseEvent) => {
    if (first !== null) show(map, box(first, at(event)));
    else if (mode === "polygon" && corners.length > 0) show(map, [...corners, at(event)]);
  };
  const up = (event: MapMouseEvent) => {
    if (first === null) return;
    done(box(first, at(event)));
    first = null;
  };
  const click = (event: MapMouseEvent) => {
    if (mode === "polygon") corners = [...corners, at(event)];
  };
  const twice = (event: MapMouseEvent) => {
    if (mode !== "polygon") return;
    event.preventDefault();
    done(corners);
    corners = [];
  };
  const all = [["mousedown", down], ["mousemove", move], ["mouseup", up], ["click", click], ["dblclick", twice]] as const;
  for (const [name, does] of all) map.on(name, does);
  map.getCanvas().style.cursor = mode === "look" ? "" : "crosshair";
  return () => {
    for (const [name, does] of all) map.off(name, does);
  };
}

function colourAnew(map: Drawn, by: By): void {
  map.setPaintProperty("ground", "background-color", colour("ground"));
  map.setPaintProperty("fill", "fill-color", colour(by === "late" ? "late" : "accent"));
  map.setPaintProperty("line", "line-color", colour("strong-line"));
  for (const layer of ["chosen", "drawn"]) map.setPaintProperty(layer, "line-color", colour("ink"));
}

/** Starts the map once it has a place; `null` until its outlines are drawn. */
function useMap({ grids, say, failed }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<Drawn | null>(null);
  useEffect(() => {
    const around = bounds(grids.features);
    let made: Drawn;
    try {
      made = new Drawn({
        container: place.current!,
        style: styleOf(grids),
        attributionControl: false,
        locale: { "Map.Title": t("page.map"), "NavigationControl.ZoomIn": t("map.nearer"), "NavigationControl.ZoomOut": t("map.farther") },
        dragRotate: false,
        doubleClickZoom: false,
        fadeDuration: 0,
        ...(around === null ? {} : { bounds: around as never, fitBoundsOptions: { padding: 24 } }),
      });
    } catch {
      failed();
      return;
    }
    made.addControl(new NavigationControl({ showCompass: false }));
    made.on("mousemove", "fill", (event) => say(String(event.features?.[0]?.properties["code"] ?? "") || null));
    made.on("mouseleave", "fill", () => say(null));
    made.on("load", () => setMap(made));
    return () => made.remove();
  }, [grids]);
  return { place, map };
}

export function Canvas(props: Props) {
  const { grids, tallies, by, chosen, spots, choose } = props;
  const { place, map } = useMap(props);
  const [mode, setMode] = useState<Mode>("look");
  useEffect(() => {
    if (map === null) return;
    for (const grid of grids.features) {
      const code = grid.properties.code;
      map.setFeatureState({ source: "grids", id: grid.id }, { shade: shade(tallies.get(code)?.[by] ?? 0), chosen: chosen.has(code) });
    }
  }, [map, tallies, by, chosen]);
  useEffect(() => {
    if (map !== null) colourAnew(map, by);
  }, [map, by, theme.value]);
  useEffect(() => {
    const features = spots.map((one) => ({ type: "Feature" as const, properties: { n: one.n }, geometry: { type: "Point" as const, coordinates: [one.lon, one.lat] } }));
    map?.getSource<GeoJSONSource>("spots")?.setData({ type: "FeatureCollection", features });
  }, [map, spots]);
  useEffect(() => {
    if (map === null) return;
    return drawing(map, mode, (ring) => {
      choose(within(grids.features, ring));
      show(map, []);
      setMode("look");
    });
  }, [map, mode]);
  return (
    <div class="map-whole">
      <div class="row-of" role="toolbar" aria-label={t("map.draw")}>
        {(["look", "box", "polygon"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={mode === one} onClick={() => setMode(one)}>
            {t(`map_mode.${one}`)}
          </button>
        ))}
        {mode === "polygon" && <span class="muted">{t("map.end_polygon")}</span>}
      </div>
      <div ref={place} class="map" data-test={map === null ? "map-starting" : "map"} />
    </div>
  );
}
