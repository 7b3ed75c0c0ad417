import { t } from "../i18n/index.ts";
import { Icon } from "./icon.tsx";
import { Dialog } from "./dialog.tsx";
import { isHelpOpen } from "./keys.ts";

const KEYS = ["j k", "x", "Enter", "a", "s", "f", "e", "r", "m", "v", "b", "/", "g q", "g a", "g d", "g p", "g w", "g n", "g s", "g m", "g l", "Ctrl K", "Esc", "?"];
const MARKS = ["late", "soon", "today", "later", "none"] as const;

/** What the marks and the keys mean: a first visit, and whoever presses `?`. */
export function Help() {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog title={t("help")} close={() => (isHelpOpen.value = false)}>
      <h3>{t("help.marks")}</h3>
      <dl class="keys">
        {MARKS.map((band) => (
          <div key={band}>
            <dt class={`limit-${band}`}>
              <Icon name={band} />
            </dt>
            <dd>{t(`help.band.${band}`)}</dd>
          </div>
        ))}
      </dl>
      <h3>{t("help.keys")}</h3>
      <dl class="keys">
        {KEYS.map((key) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`key.${key}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
