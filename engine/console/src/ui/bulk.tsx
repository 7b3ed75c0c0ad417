import { useSignalEffect } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import { ask, drawnKey } from "../api/client.ts";
import type { Result } from "../api/model.ts";
import { zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { bodyOf } from "../lib/command-body.ts";
import { store } from "../live/store.ts";
import { Dialog } from "./dialog.tsx";
import { Field } from "./fields.tsx";
import { wanted } from "./keys.ts";
import { chooseAll, chooseNone, chosen, chosenHere } from "./selection.ts";
import { tell, tellProblem } from "./toasts.tsx";

/** What is done to many at once, and the fields it takes. */
const KINDS: Record<string, { needs: string[]; may: string[] }> = {
  accept: { needs: [], may: [] },
  start: { needs: [], may: [] },
  remind: { needs: [], may: ["text"] },
  note: { needs: ["text"], may: [] },
  escalate: { needs: ["reason"], may: ["target"] },
  reassign: { needs: ["target", "reason"], may: [] },
  supervise: { needs: ["reason"], may: [] },
  approve: { needs: [], may: [] },
};
const AT_ONCE = 100;

interface Undo {
  ticket: string;
  kind: string;
  needs: string[];
}
interface Answer {
  results: Result[];
  undo?: Undo[];
}

type Item = Record<string, unknown> & { ticket: string };

async function give(commands: Item[], isTrial: boolean, key: string): Promise<Answer> {
  const all: Answer = { results: [], undo: [] };
  for (let at = 0; at < commands.length; at += AT_ONCE) {
    const body = { commands: commands.slice(at, at + AT_ONCE), ...(isTrial ? { dry_run: true } : {}) };
    const found = await ask<Answer>("/v1/commands", { body, key: `${key}-${at}` });
    all.results.push(...found.results);
    all.undo!.push(...(found.undo ?? []));
  }
  return all;
}

function itemsOf(kind: string, form: FormData): Item[] {
  const { needs, may } = KINDS[kind]!;
  const fields = bodyOf(kind, [...needs, ...may], form, zone());
  return [...chosen.value].map((ticket) => {
    const version = store.rows.get(ticket)?.version;
    return { ...fields, ticket, ...(version === undefined ? {} : { version }) };
  });
}

const isGood = (one: Result): boolean => one.status < 300;

/** Why some cannot, and how many for each reason. */
function reasonsOf(results: readonly Result[]): [string, number][] {
  const found = new Map<string, number>();
  for (const one of results.filter((result) => !isGood(result))) {
    const why = one.reason ? word("why", one.reason) : t(`problem.${one.type?.split(":").pop() ?? "fault"}`);
    found.set(why, (found.get(why) ?? 0) + 1);
  }
  return [...found].sort((a, b) => b[1] - a[1]);
}

function Outcome({ results, isTrial }: { results: readonly Result[]; isTrial: boolean }) {
  const good = results.filter(isGood).length;
  return (
    <div class="outcome" role="status">
      <p>
        <b>{t(isTrial ? "would_do" : "have_done", { n: good, of: results.length })}</b>
      </p>
      <ul>
        {reasonsOf(results).map(([why, n]) => (
          <li key={why}>
            {n} × {why}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Form({ kind, close }: { kind: string; close: () => void }) {
  const [trial, setTrial] = useState<Answer | null>(null);
  const [done, setDone] = useState<Answer | null>(null);
  const [items, setItems] = useState<Item[]>([]);
  const [isBusy, setBusy] = useState(false);
  const { needs, may } = KINDS[kind]!;
  const key = useRef("");
  const run = async (what: () => Promise<void>) => {
    setBusy(true);
    await what().catch(tellProblem);
    setBusy(false);
  };
  const attempt = (event: Event) => {
    event.preventDefault();
    const next = itemsOf(kind, new FormData(event.currentTarget as HTMLFormElement));
    void run(async () => {
      setTrial(await give(next, true, drawnKey()));
      setItems(next);
      key.current = drawnKey(); // pressed again because no answer came, what was done is not done twice
    });
  };
  const act = () =>
    void run(async () => {
      setDone(await give(items, false, key.current));
      chooseNone();
    });
  const undo = () =>
    void run(async () => {
      const commands = (done?.undo ?? []).map((one) => ({ ticket: one.ticket, kind: one.kind, ...(one.needs.includes("reason") ? { reason: t("undone") } : {}) }));
      tell(t("have_done", { n: (await give(commands, false, drawnKey())).results.filter(isGood).length, of: commands.length }));
      close();
    });
  if (done !== null) {
    return (
      <>
        <Outcome results={done.results} isTrial={false} />
        <p class="row-of">
          {(done.undo ?? []).length > 0 && (
            <button type="button" onClick={undo} disabled={isBusy}>
              {t("undo")}
            </button>
          )}
          <button type="button" class="primary" onClick={close}>
            {t("close")}
          </button>
        </p>
      </>
    );
  }
  return (
    <form onSubmit={attempt} class="command-form">
      <p class="muted">{t("bulk_says", { n: chosen.value.size })}</p>
      {needs.map((field) => (
        <Field key={field} kind={kind} field={field} isNeeded />
      ))}
      {may.map((field) => (
        <Field key={field} kind={kind} field={field} isNeeded={false} />
      ))}
      {trial && <Outcome results={trial.results} isTrial />}
      <p class="row-of">
        <button class={trial ? "" : "primary"} disabled={isBusy}>
          {t("try")}
        </button>
        {trial && (
          <button type="button" class="primary" disabled={isBusy || !trial.results.some(isGood)} onClick={act}>
            {t("do_now", { n: trial.results.filter(isGood).length })}
          </button>
        )}
      </p>
    </form>
  );
}

/** What can be done to all that is chosen: tried first, then done, each answered by itself. */
export function BulkBar() {
  const [kind, setKind] = useState<string | null>(null);
  useSignalEffect(() => {
    const asked = wanted.value?.startsWith("bulk:") ? wanted.value.slice(5) : null;
    if (asked === null) return;
    wanted.value = null;
    if (asked in KINDS) setKind(asked);
  });
  store.shape.value;
  const n = chosen.value.size;
  const elsewhere = n - chosenHere();
  if (n === 0 && kind === null) return null;
  return (
    <div class="bulk" role="toolbar" aria-label={t("bulk")}>
      <b>{t("chosen", { n })}</b>
      {elsewhere > 0 && <span class="waits">{t("chosen_elsewhere", { n: elsewhere })}</span>}
      {n - elsewhere < store.shown.length && (
        <button type="button" class="quiet" onClick={chooseAll}>
          {t("choose_all", { n: store.shown.length })}
        </button>
      )}
      <button type="button" class="quiet" onClick={chooseNone}>
        {t("choose_none")}
      </button>
      <span class="grow" />
      {Object.keys(KINDS).map((one) => (
        <button type="button" key={one} onClick={() => setKind(one)}>
          {word("command", one)}
        </button>
      ))}
      {kind !== null && (
        <Dialog title={`${t("bulk")} · ${word("command", kind)}`} close={() => setKind(null)}>
          <Form kind={kind} close={() => setKind(null)} />
        </Dialog>
      )}
    </div>
  );
}
