/** A change of the roster from the board: on, off, a stand-in, a swap; the law says whether it may be. */
import { useRef, useState } from "preact/hooks";
import { pack, personName, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { Once } from "../lib/once.ts";
import type { DutyLine } from "../lib/shift.ts";
import { DAY, inputOf, instantOf } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Dialog } from "./dialog.tsx";
import { problemText, tell } from "./toasts.tsx";

const KINDS = ["off", "on", "stand_in", "swap"] as const;
type Kind = (typeof KINDS)[number];

interface Told {
  lacking: number[];
  refused: unknown[];
}

function bodyOf(kind: Kind, line: DutyLine, form: FormData): Record<string, unknown> {
  const given = (name: string) => String(form.get(name) ?? "").trim();
  const moment = (name: string) => (given(name) === "" ? {} : { [name]: instantOf(given(name), zone()) });
  const times = { ...moment("since"), ...moment("until") };
  const who = { role: line.role, person: given("person") };
  if (kind === "swap") return { change: "swap", ...who, other: given("other"), ...times };
  if (kind === "stand_in") return { change: "add", role: line.role, person: given("other"), instead_of: given("person"), ...times };
  return { change: kind, ...who, ...times };
}

function Other({ kind }: { kind: Kind }) {
  return (
    <label>
      {t(kind === "swap" ? "duty.swap_with" : "duty.who_stands_in")}
      <input name="other" list="duty-people" required autocomplete="off" />
      <datalist id="duty-people">
        {Object.keys(pack.value?.people ?? {}).map((id) => (
          <option key={id} value={id}>
            {personName(id)}
          </option>
        ))}
      </datalist>
    </label>
  );
}

export function ChangeDuty({ line, close, done }: { line: DutyLine; close: () => void; done: () => Promise<void> }) {
  const [kind, setKind] = useState<Kind>("off");
  const [wrong, setWrong] = useState("");
  const [isBusy, setBusy] = useState(false);
  const once = useRef(new Once());
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const body = bodyOf(kind, line, new FormData(event.currentTarget as HTMLFormElement));
      const told = await once.current.ask<Told>("/v1/duty", body);
      tell(told.lacking.length > 0 ? t("duty.partly") : t("duty.told"), told.lacking.length > 0);
      close();
      await done();
    } catch (error) {
      setWrong(problemText(error));
    }
    setBusy(false);
  };
  return (
    <Dialog title={`${t("duty.change")} · ${word("role", line.role)}`} close={close}>
      <form class="command-form" aria-label={t("duty.change")} onSubmit={(event) => void submit(event)}>
        <fieldset class="row-of">
          <legend class="sr">{t("duty.change")}</legend>
          {KINDS.map((one) => (
            <label key={one} class="choice">
              <input type="radio" name="kind" checked={kind === one} onChange={() => setKind(one)} />
              {t(`change.${one}`)}
            </label>
          ))}
        </fieldset>
        <label>
          {t(kind === "stand_in" ? "duty.who_is_away" : "field.person")}
          <select name="person" required>
            {line.people.map((one) => (
              <option key={one.person} value={one.person}>
                {one.name} · {one.hours}
              </option>
            ))}
          </select>
        </label>
        {(kind === "stand_in" || kind === "swap") && <Other kind={kind} />}
        <div class="pair">
          <label>
            {t("duty.since")}
            <input type="datetime-local" name="since" />
          </label>
          <label>
            {t("duty.until")}
            <input type="datetime-local" name="until" defaultValue={inputOf(engineNow() + DAY, zone())} />
          </label>
        </div>
        <p class="muted">{t("duty.window_says")}</p>
        {wrong && (
          <p class="wrong" role="alert">
            {wrong}
          </p>
        )}
        <p class="row-of">
          <button class="primary" disabled={isBusy}>
            {isBusy ? t("sending") : t("duty.change")}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
