/** What waits to be filed, filed from the desk's list: the best guesses stand beside the fields, each a digit away. */
import { useMemo, useRef } from "preact/hooks";
import { ask, ticketPath } from "../api/client.ts";
import type { Row } from "../api/model.ts";
import { categoryName, gridName, pack } from "../api/session.ts";
import { named, t, word } from "../i18n/index.ts";
import { guessesFor } from "../lib/guesses.ts";
import { ticketAddress } from "../lib/route.ts";
import { Grids } from "./grids.tsx";
import { Link } from "./link.tsx";
import { tell, tellProblem } from "./toasts.tsx";

interface Props {
  row: Row;
  /** Open tickets that it is compared with. */
  open: readonly Row[];
}

export function FileNow({ row, open }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const law = pack.value;
  const isLost = row.home === law?.unplaced;
  const guesses = useMemo(() => guessesFor(row, law?.categories ?? [], law?.homes.filter((one) => one.code !== law.unplaced) ?? [], open), [row.id, row.version, open]);
  const categories = row.category ? [] : guesses.category;
  const places = isLost ? guesses.place : [];
  const choose = (field: "category" | "grid", code: string) => {
    const select = form.current?.elements.namedItem(field) as HTMLSelectElement | null;
    if (select === null) return;
    select.value = code;
    form.current?.querySelector<HTMLButtonElement>("button.primary")?.focus(); // Enter files it
  };
  const digits = [...categories.map(({ code }) => () => choose("category", code)), ...places.map(({ code }) => () => choose("grid", code))];
  const pressed = (event: KeyboardEvent) => {
    const act = event.isComposing || event.ctrlKey || event.metaKey || event.altKey ? undefined : digits[Number(event.key) - 1];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const body = { kind: "file", category: String(given.get("category")), ...(given.get("grid") ? { grid: String(given.get("grid")) } : {}) };
    try {
      await ask(`${ticketPath(row.id)}/commands`, { body, version: row.version });
      tell(t("done", { what: word("command", "file") }));
    } catch (error) {
      tellProblem(error);
    }
  };
  const chip = (field: "category" | "grid", code: string, at: number) => (
    <button key={`${field} ${code}`} type="button" class="guess" aria-keyshortcuts={String(at + 1)} onClick={() => choose(field, code)}>
      <kbd>{at + 1}</kbd> {field === "category" ? categoryName(code) : gridName(code)}
    </button>
  );
  return (
    <form ref={form} class="file-now" aria-label={`${word("command", "file")} ${row.id}`} onSubmit={(event) => void submit(event)} onKeyDown={pressed}>
      <p class="row-of">
        <select name="category" required aria-label={`${word("field", "category")} ${row.id}`}>
          <option value="">{t("choose_one")}</option>
          {law?.categories.map((one) => (
            <option key={one.code} value={one.code} selected={one.code === row.category}>
              {named(one)}
            </option>
          ))}
        </select>
        {isLost && <Grids needed real label={`${t("fact.place")} ${row.id}`} />}
        <button class="primary">{word("command", "file")}</button>
      </p>
      {digits.length > 0 && (
        <p class="row-of guesses">
          <span class="muted">{t("guesses")}</span>
          {categories.map(({ code }, at) => chip("category", code, at))}
          {places.map(({ code }, at) => chip("grid", code, categories.length + at))}
        </p>
      )}
      {guesses.same.length > 0 && (
        <p class="row-of guesses">
          <span class="muted">{t("guesses_same")}</span>
          {guesses.same.map(({ code }) => (
            <Link key={code} to={ticketAddress(code)} class="id">
              {code}
            </Link>
          ))}
        </p>
      )}
    </form>
  );
}
