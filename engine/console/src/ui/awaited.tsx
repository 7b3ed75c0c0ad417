/** Instead of what was asked for: that it is on its way, or why it does not come. */
import { t } from "../i18n/index.ts";

export function Awaited({ found, problem }: { found: unknown; problem: string }) {
  const text = problem || (found === null ? t("loading") : "");
  return text === "" ? null : <p class="empty">{text}</p>;
}
