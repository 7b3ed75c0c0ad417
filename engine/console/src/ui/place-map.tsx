/** The map of a ticket's place: loaded, code and outlines alike, once somebody scrolls to it. */
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { TicketTold } from "../api/model.ts";
import { t } from "../i18n/index.ts";

export function PlaceMap({ told }: { told: TicketTold }) {
  const place = useRef<HTMLElement>(null);
  const [Drawn, setDrawn] = useState<ComponentType<{ told: TicketTold }> | null>(null);
  const [state, setState] = useState<"unseen" | "loading" | "page_away">("unseen");
  useEffect(() => {
    const watching = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watching.disconnect();
      setState("loading");
      import("../map/small.tsx").then(
        (found) => setDrawn(() => found.SmallMap),
        () => setState("page_away"),
      );
    });
    watching.observe(place.current!);
    return () => watching.disconnect();
  }, []);
  return (
    <section class="card" data-later={Drawn === null ? state : "there"} ref={place} aria-label={t("place.map")}>
      <h2>{t("place.map")}</h2>
      {Drawn === null ? <p class="muted">{state === "unseen" ? "" : t(state)}</p> : <Drawn told={told} />}
    </section>
  );
}
