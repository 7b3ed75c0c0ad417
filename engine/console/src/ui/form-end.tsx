/** The end of a form: what it does, and the way back. */
import { t } from "../i18n/index.ts";

interface Props {
  label: string;
  isBusy: boolean;
  /** What the button says meanwhile. */
  busy?: string;
  isUnfit?: boolean;
  close: () => void;
}

export function FormEnd({ label, isBusy, busy, isUnfit, close }: Props) {
  return (
    <p class="row-of">
      <button class="primary" disabled={isBusy || isUnfit}>
        {isBusy ? (busy ?? t("sending")) : label}
      </button>
      <button type="button" onClick={close}>
        {t("back")}
      </button>
    </p>
  );
}
