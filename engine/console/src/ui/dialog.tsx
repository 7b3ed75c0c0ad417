import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { useEscape } from "./keys.ts";
import { t } from "../i18n/index.ts";

interface Props {
  title: string;
  close: () => void;
  children: ComponentChildren;
}

/** A window of the browser's own: it keeps the focus inside, and gives it back where it was. */
export function Dialog({ title, close, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEscape(close);
  // with the page, not after it is painted: what is typed meanwhile would go to the page behind
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} aria-label={title} onClose={close} onClick={(event) => event.target === ref.current && close()}>
      <div class="dialog">
        <header>
          <h2>{title}</h2>
          <button type="button" class="quiet" onClick={close} aria-label={t("close")}>
            <Icon name="cross" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
