/** Short news of what was just done; a refusal stays until it is put away. */
import { signal } from "@preact/signals";
import { Refusal } from "../api/client.ts";
import { Icon } from "./icon.tsx";
import { has, lang, t, word } from "../i18n/index.ts";

interface Toast {
  id: number;
  text: string;
  isBad: boolean;
}

const toasts = signal<Toast[]>([]);
let last = 0;

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function tell(text: string, isBad = false): void {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, text, isBad }];
  if (!isBad) setTimeout(() => drop(id), 4000);
}

/** Say a problem in the reader's language: the law's reason where there is one, else its kind. */
export function problemText(error: unknown): string {
  if (!(error instanceof Refusal)) return t("problem.fault");
  const { problem, kind } = error;
  const field = problem.field ? `${word("field", problem.field)}：` : "";
  if (problem.reason && has(`why.${problem.reason}`)) return field + word("why", problem.reason);
  if (has(`problem.${kind}`)) return field + t(`problem.${kind}`) + (kind === "invalid" && lang.value === "en" ? ` (${problem.detail})` : "");
  return field + problem.detail;
}

export const tellProblem = (error: unknown): void => tell(problemText(error), true);

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={one.isBad ? "toast toast-bad" : "toast"}>
          <Icon name={one.isBad ? "cross" : "check"} />
          <span>{one.text}</span>
          <button type="button" class="quiet" onClick={() => drop(one.id)} aria-label={t("close")}>
            <Icon name="cross" />
          </button>
        </div>
      ))}
    </div>
  );
}
