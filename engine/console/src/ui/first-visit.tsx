/** What the marks mean, before somebody has to ask: once in each browser, put away with one press. */
import { signal } from "@preact/signals";
import { t } from "../i18n/index.ts";
import { keep, keptText } from "../lib/kept.ts";
import { Icon } from "./icon.tsx";
import { isHelpOpen } from "./keys.ts";

const MARKS = ["late", "soon", "today", "later", "none"] as const;
const seen = signal(keptText("marks") === "seen");

export function FirstVisit() {
  if (seen.value) return null;
  const away = () => {
    keep("marks", "seen");
    seen.value = true;
  };
  return (
    <aside class="first-visit" aria-label={t("first_visit")} data-test="first-visit">
      <b>{t("first_visit")}</b>
      {MARKS.map((band) => (
        <span key={band} class={`mark limit-${band}`}>
          <Icon name={band} /> {t(`help.band.${band}`)}
        </span>
      ))}
      <span class="grow" />
      <button type="button" class="quiet" onClick={() => (isHelpOpen.value = true)}>
        {t("first_visit.keys")}
      </button>
      <button type="button" onClick={away}>
        {t("first_visit.seen")}
      </button>
    </aside>
  );
}
