/** The map of a ticket's place: loaded, code and outlines alike, once somebody scrolls to it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { TicketTold } from "../api/model.ts";
import { t } from "../i18n/index.ts";
import { smallMap } from "../pages/later.ts";
import { NotYet, useLater } from "./later.tsx";

export function PlaceMap({ told }: { told: TicketTold }) {
  const place = useRef<HTMLElement>(null);
  const [isSeen, setSeen] = useState(false);
  const { Found, state } = useLater(smallMap, isSeen);
  useEffect(() => {
    const watching = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watching.disconnect();
      setSeen(true);
    });
    watching.observe(place.current!);
    return () => watching.disconnect();
  }, []);
  return (
    <section class="card" data-later={Found !== null ? "there" : isSeen ? state : "unseen"} ref={place} aria-label={t("place.map")}>
      <h2>{t("place.map")}</h2>
      {Found !== null ? <Found told={told} /> : isSeen && <NotYet state={state} />}
    </section>
  );
}
