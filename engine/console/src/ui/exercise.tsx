import { t } from "../i18n/index.ts";

/** Says of a drill that it is one, wherever its ticket is named: nobody may take it for real, nor the real for a drill. */
export function Exercise({ played }: { played: unknown }) {
  return played ? <span class="tag tag-exercise">{t("exercise")}</span> : null;
}
