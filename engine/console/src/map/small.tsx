/** A ticket's place drawn small: its grid outlined among those beside it, and the point. No tiles, no WebGL. */
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import type { TicketTold } from "../api/model.ts";
import { gridName } from "../api/session.ts";
import { t } from "../i18n/index.ts";
import { problemText } from "../ui/toasts.tsx";
import { drawing, type Grids } from "./geometry.ts";
import "../styles/small-map.css";

const SIZE = { width: 320, height: 200 };

export function SmallMap({ told }: { told: TicketTold }) {
  const [grids, setGrids] = useState<Grids | null>(null);
  const [problem, setProblem] = useState("");
  const leaf = told.place.grid.at(-1)?.code ?? "";
  useEffect(() => {
    let isHere = true;
    ask<Grids>(`/v1/map?ticket=${encodeURIComponent(told.id)}`).then(
      (found) => isHere && setGrids(found),
      (error: unknown) => isHere && setProblem(problemText(error)),
    );
    return () => {
      isHere = false;
    };
  }, [told.id, leaf]);
  if (grids === null) return <p class="muted">{problem || t("loading")}</p>;
  const { lat, lon } = told.place;
  const point = lat != null && lon != null ? ([lon, lat] as const) : null;
  const drawn = drawing(grids.features, told.place.grid.map((one) => one.code), point, SIZE);
  const where = point === null ? t("place.no_point") : `${point[1].toFixed(5)}, ${point[0].toFixed(5)}`;
  if (drawn === null) {
    return (
      <p class="muted" data-test="no-outlines">
        {t("place.no_outline")} {where}
      </p>
    );
  }
  const said = t("place.drawn", { grid: gridName(drawn.code), point: where });
  return (
    <figure class="small-map">
      <svg viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} role="img" aria-label={said} data-test="small-map" data-grid={drawn.code}>
        {drawn.beside.map((points) => (
          <polygon key={points} class="beside" points={points} />
        ))}
        <polygon class="own" points={drawn.own} />
        {drawn.point && <circle class="spot" cx={drawn.point[0]} cy={drawn.point[1]} r={6} />}
      </svg>
      <figcaption class="muted">{said}</figcaption>
    </figure>
  );
}
