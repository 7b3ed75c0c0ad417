import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { useEscape } from "./keys.ts";

interface Props {
  label: string;
  isBusy: boolean;
  /** What the button says meanwhile. */
  busy?: string;
  isUnfit?: boolean;
  close: () => void;
}

/** The end of a form: what it does, and the way back. Whoever opens a form stands in its first field, and Escape is the way back as well. */
export function FormEnd({ label, isBusy, busy, isUnfit, close }: Props) {
  const ref = useRef<HTMLParagraphElement>(null);
  useEscape(close);
  useLayoutEffect(() => ref.current?.closest("form")?.querySelector<HTMLElement>("input, select, textarea")?.focus(), []);
  return (
    <p class="row-of" ref={ref}>
      <button class="primary" disabled={isBusy || isUnfit}>
        {isBusy ? (busy ?? t("sending")) : label}
      </button>
      <button type="button" onClick={close}>
        {t("back")}
      </button>
    </p>
  );
}
