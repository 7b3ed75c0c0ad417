/** A rejected report's original, mended by hand and sent again under the identity it had. */
import { useRef, useState } from "preact/hooks";
import { Refusal } from "../api/client.ts";
import type { Taken } from "../api/model.ts";
import { pack } from "../api/session.ts";
import { named, t, word } from "../i18n/index.ts";
import { Once } from "../lib/once.ts";
import { MENDABLE, mended, valueAt } from "../lib/shift.ts";
import { FormEnd } from "./form-end.tsx";
import { problemText } from "./toasts.tsx";

export interface Original {
  source: string;
  id: string;
  field: string;
  data: Record<string, unknown> | null;
  text: string | null;
}

const CHANNELS = ["hotline", "app", "patrol", "camera", "visit", "open311", "import"];

function optionsOf(place: string): [string, string][] | null {
  if (place === "channel") return CHANNELS.map((one) => [one, word("channel", one)]);
  if (place === "category") return pack.value?.categories.map((one) => [one.code, named(one)]) ?? [];
  if (place === "location.grid") return pack.value?.grids?.map((one) => [one.code, named(one)]) ?? [];
  return null;
}

function Control({ place, value }: { place: string; value: string }) {
  const options = optionsOf(place);
  if (options === null) {
    return place === "text" ? <textarea name={place} rows={2} defaultValue={value} /> : <input name={place} defaultValue={value} autocomplete="off" />;
  }
  const isKnown = value === "" || options.some(([code]) => code === value);
  return (
    <select name={place}>
      <option value="">{t("leave_open")}</option>
      {!isKnown && (
        <option value={value} selected>
          {value}
        </option>
      )}
      {options.map(([code, label]) => (
        <option key={code} value={code} selected={code === value}>
          {label}
        </option>
      ))}
    </select>
  );
}

function read(text: string): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

interface Props {
  path: string;
  original: Original;
  done: (taken: Taken) => void;
  close: () => void;
}

export function Mend({ path, original, done, close }: Props) {
  const [wrong, setWrong] = useState("");
  const [isBusy, setBusy] = useState(false);
  const once = useRef(new Once());
  const [raw, setRaw] = useState(original.data === null ? (original.text ?? "") : JSON.stringify(original.data, null, 1));
  const data = read(raw);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (data === null || isBusy) return setWrong(t("records.no_json"));
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const fields = Object.fromEntries(MENDABLE.map((place) => [place, String(form.get(place) ?? "").trim()]));
    setBusy(true);
    try {
      done(await once.current.ask<Taken>(`${path}/resend`, { data: mended(data, fields) }));
    } catch (error) {
      const more = error instanceof Refusal && error.problem.field ? ` (${error.problem.field}: ${error.problem.detail})` : "";
      setWrong(problemText(error) + more);
    }
    setBusy(false);
  };
  return (
    <form class="command-form" aria-label={t("records.mend")} onSubmit={(event) => void submit(event)}>
      <p class="muted">
        {t("records.of", { source: original.source, id: original.id })} · {t("records.amiss")} <code>{original.field || t("none")}</code>
      </p>
      {data !== null && (
        <div class="mend" key={raw}>
          {MENDABLE.map((place) => (
            <label key={place} class={original.field.endsWith(place) ? "amiss" : ""}>
              {t(`mend.${place}`)}
              <Control place={place} value={valueAt(data, place)} />
            </label>
          ))}
        </div>
      )}
      <details open={data === null}>
        <summary>{t("records.raw")}</summary>
        <textarea rows={8} class="id" value={raw} aria-label={t("records.raw")} onChange={(event) => setRaw(event.currentTarget.value)} />
      </details>
      {wrong && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      <FormEnd label={t("records.resend")} isBusy={isBusy} isUnfit={data === null} close={close} />
    </form>
  );
}
