/** Who reported a ticket: shown for a purpose, and gone with the page. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, ticketPath } from "../api/client.ts";
import type { TicketTold } from "../api/model.ts";
import { t, word } from "../i18n/index.ts";
import { PURPOSES, type Revealed } from "../lib/reporter.ts";
import { EarlierOfTicket, refusalText } from "./earlier.tsx";
import { FormEnd } from "./form-end.tsx";
import { RevealedLines } from "./revealed.tsx";
import { tell } from "./toasts.tsx";

function Shown({ found, hide }: { found: Revealed; hide: () => void }) {
  return (
    <>
      <RevealedLines found={found} />
      <p class="row-of">
        <span class="muted grow">{t("reporter.goes")}</span>
        <button type="button" onClick={hide}>
          {t("reporter.hide")}
        </button>
      </p>
    </>
  );
}

/** For what, from the law's list, and in one's own words. */
function Purposes({ submit, isBusy, close }: { submit: (form: FormData) => void; isBusy: boolean; close: () => void }) {
  return (
    <form
      class="command-form"
      aria-label={t("reporter.show")}
      onSubmit={(event) => {
        event.preventDefault();
        submit(new FormData(event.currentTarget));
      }}
    >
      <label class="field">
        <span class="field-name">{t("reporter.purpose")}</span>
        <select name="purpose" required>
          <option value="">{t("choose_one")}</option>
          {PURPOSES.map((one) => (
            <option key={one} value={one}>
              {word("purpose", one)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="field-name">
          {word("field", "text")} {t("optional")}
        </span>
        <textarea name="text" rows={2} maxLength={500} />
      </label>
      <p class="muted">{t("reporter.counts")}</p>
      <FormEnd label={t("reporter.show")} isBusy={isBusy} close={close} />
    </form>
  );
}

/** What is shown, kept by this page alone: it goes when another is looked at, or the browser leaves. */
function useRevealed(id: string) {
  const [found, setFound] = useState<Revealed | null>(null);
  const [isBusy, setBusy] = useState(false);
  const turn = useRef(0);
  const hide = () => {
    turn.current++;
    setFound(null);
  };
  const show = async (body: Record<string, string>): Promise<boolean> => {
    const mine = ++turn.current;
    setBusy(true);
    try {
      const told = await ask<Revealed>(`${ticketPath(id)}/reporter/reveal`, { body });
      if (mine === turn.current) setFound(told);
      return true;
    } catch (error) {
      tell(refusalText(error), true);
      return false;
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    addEventListener("pagehide", hide);
    return () => removeEventListener("pagehide", hide);
  }, []);
  return { found, isBusy, show, hide };
}

function Sealed({ told, way }: { told: TicketTold; way: "one_step" | "purpose" }) {
  const { found, isBusy, show, hide } = useRevealed(told.id);
  const [isOpen, setOpen] = useState(false);
  const submit = async (form: FormData) => {
    const text = String(form.get("text") ?? "").trim();
    if (await show({ purpose: String(form.get("purpose")), ...(text && { text }) })) setOpen(false);
  };
  if (found !== null) return <Shown found={found} hide={hide} />;
  if (isOpen) return <Purposes submit={(form) => void submit(form)} isBusy={isBusy} close={() => setOpen(false)} />;
  return (
    <>
      <p class="muted">{t(way === "one_step" ? "reporter.urgent" : "reporter.sealed")}</p>
      <button type="button" disabled={isBusy} onClick={() => (way === "one_step" ? void show({}) : setOpen(true))}>
        {t("reporter.show")}
      </button>
    </>
  );
}

/** Whether there is somebody to be shown, to whom, and how; and what else they reported. */
export function Reporter({ told }: { told: TicketTold }) {
  const { sealed, reveal } = told.reporter;
  return (
    <section class="card" aria-label={t("reporter")}>
      <h2>{t("reporter")}</h2>
      {!sealed && <p class="muted">{t("reporter.nothing")}</p>}
      {sealed && !reveal && <p class="muted">{t("reporter.not_yours")}</p>}
      {sealed && reveal && (
        <div class="reporter">
          <Sealed told={told} way={reveal} />
          <EarlierOfTicket id={told.id} />
        </div>
      )}
    </section>
  );
}
