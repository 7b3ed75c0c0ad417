/** The address of a report's page, to be read out or sent to whoever reported. */
import { t } from "../i18n/index.ts";

export function ReportLink({ link }: { link: string }) {
  const whole = new URL(link, location.href).href;
  return (
    <p class="line report-link">
      <span class="muted">{t("for_reporter")}</span>
      <a href={whole} target="_blank" rel="noopener noreferrer" data-test="report-link">
        {t("reporters_page")}
      </a>
      <button type="button" class="quiet" onClick={() => void navigator.clipboard?.writeText(whole)}>
        {t("copy")}
      </button>
    </p>
  );
}
