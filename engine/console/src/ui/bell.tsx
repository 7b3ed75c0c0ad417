/** Whether this view rings, shows a notice, and when it is silent: off until somebody turns it on here. */
import { useEffect } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { SILENT, bells, ring, type Bell as Kept } from "../lib/bells.ts";
import { queryOf, type Filter } from "../lib/facets.ts";
import { beginRinging, needsClick, rung, sound } from "../live/ringing.ts";
import { tell } from "./toasts.tsx";

async function mayShow(): Promise<boolean> {
  if (typeof Notification === "undefined") return false;
  return Notification.permission === "granted" || (await Notification.requestPermission()) === "granted";
}

export function Ringing() {
  useEffect(beginRinging, []);
  return <span class="sr" data-test="rung" data-n={rung.value.n} data-last={rung.value.last} />;
}

export function BellMenu({ filter }: { filter: Filter }) {
  const address = `/queues/${filter.view}${queryOf(filter)}`;
  const bell = bells.value[address] ?? SILENT;
  const set = (more: Partial<Kept>) => ring(address, { ...bell, ...more });
  const desktop = async (is: boolean) => {
    if (is && !(await mayShow())) return tell(t("bell.refused"), true);
    set({ desktop: is });
  };
  const soundToo = (is: boolean) => {
    set({ sound: is });
    if (is) void sound().catch(() => undefined);
  };
  return (
    <details class="menu bell">
      <summary>{t(bell.sound || bell.desktop ? "bell.on" : "bell.off")}</summary>
      <div class="menu-body">
        <p class="muted">{t("bell.says")}</p>
        <label class="check">
          <input type="checkbox" name="sound" checked={bell.sound} onChange={(event) => soundToo(event.currentTarget.checked)} />
          {t("bell.sound")}
        </label>
        <label class="check">
          <input type="checkbox" name="desktop" checked={bell.desktop} onChange={(event) => void desktop(event.currentTarget.checked)} />
          {t("bell.desktop")}
        </label>
        <label class="check">
          <input type="checkbox" name="quiet" checked={bell.quiet !== null} onChange={(event) => set({ quiet: event.currentTarget.checked ? [22, 7] : null })} />
          {t("bell.quiet")}
        </label>
        {needsClick.value && <p class="waits">{t("bell.click")}</p>}
      </div>
    </details>
  );
}
