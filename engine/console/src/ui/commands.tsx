import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal, ticketPath } from "../api/client.ts";
import type { CommandTold, Decided, TicketTold } from "../api/model.ts";
import { departmentName, zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { bodyOf } from "../lib/command-body.ts";
import { Once } from "../lib/once.ts";
import { conflict } from "./conflict.tsx";
import { Field } from "./fields.tsx";
import { FormEnd } from "./form-end.tsx";
import { wanted } from "./keys.ts";
import { onTheirWay } from "./photos.tsx";
import { problemText, tell, tellProblem } from "./toasts.tsx";

/** What a shift does all day stands first; the rest in the law's own order. */
const FIRST = ["accept", "start", "finish", "report_in", "check", "approve", "deny", "file", "dismiss", "answer", "decline"];

interface Props {
  told: TicketTold;
  refresh: () => Promise<void>;
}

const childOf = (one: CommandTold): string | null => one.ticket.split("/").slice(1).join("/") || null;
const idOf = (one: CommandTold): string => `${one.ticket} ${one.kind}`;

function titleOf(one: CommandTold): string {
  const child = childOf(one);
  return child === null ? word("command", one.kind) : `${departmentName(child.split("/")[0])} · ${word("command", one.kind)}`;
}

function sorted(commands: readonly CommandTold[]): CommandTold[] {
  const rank = (one: CommandTold) => (FIRST.includes(one.kind) ? FIRST.indexOf(one.kind) : FIRST.length);
  return [...commands].sort((a, b) => rank(a) - rank(b));
}

/** What is different now, where somebody else was faster. */
function conflictText(error: Refusal): string {
  const now = error.problem.now;
  return now === undefined ? problemText(error) : t("changed_now", { status: word("status", now.status), version: now.version });
}

/** Give a command about the ticket as it was when its form was opened; answers the version that is to be looked at next
 * where somebody was faster, else whether it is done. */
async function give(told: TicketTold, one: CommandTold, form: FormData, once: Once, version: number, opened = told): Promise<boolean | number> {
  const child = childOf(one);
  const body = { ...bodyOf(one.kind, [...one.needs, ...one.may_have], form, zone()), ...(child === null ? {} : { child }) };
  try {
    const done = await once.ask<Partial<Decided>>(`${ticketPath(told.id)}/commands`, body, version);
    tell(t(done.decision === undefined ? "sent_undecided" : "done", { what: titleOf(one) }));
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.kind === "changed") {
      tell(conflictText(error), true);
      conflict.value = { id: told.id, before: opened };
      return error.problem.now?.version ?? false;
    }
    tellProblem(error);
    return false;
  }
}

function Form({ told, one, close, refresh }: Props & { one: CommandTold; close: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const once = useRef(new Once());
  const version = useRef(told.version);
  const opened = useRef(told);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const found = await give(told, one, new FormData(event.currentTarget as HTMLFormElement), once.current, version.current, opened.current);
    if (typeof found === "number") version.current = found;
    await refresh();
    setBusy(false);
    if (found === true) close();
  };
  return (
    <form class="command-form" onSubmit={(event) => void submit(event)} aria-label={titleOf(one)}>
      <h3>{titleOf(one)}</h3>
      {one.needs.map((field) => (
        <Field key={field} ticket={told.id} kind={one.kind} field={field} isNeeded />
      ))}
      {one.may_have.map((field) => (
        <Field key={field} ticket={told.id} kind={one.kind} field={field} isNeeded={false} />
      ))}
      <FormEnd label={titleOf(one)} isBusy={isBusy} isUnfit={onTheirWay.value > 0} close={close} />
    </form>
  );
}

function Refused({ commands }: { commands: readonly CommandTold[] }) {
  return (
    <details class="refused">
      <summary>{t("refused_commands", { n: commands.length })}</summary>
      <dl>
        {commands.map((one) => (
          <div key={idOf(one)}>
            <dt>{titleOf(one)}</dt>
            <dd>{word("why", one.reason)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** What may be done now, each with its fields; and what may not, with the reason the law gives. */
export function Commands({ told, refresh }: Props) {
  const [open, setOpen] = useState<string | null>(null);
  const may = sorted(told.commands.filter((one) => one.allowed));
  const form = may.find((one) => idOf(one) === open);
  useEffect(() => {
    if (open === null || form !== undefined) return;
    setOpen(null); // it may no longer be done: what was typed for another state of the ticket is not sent
    tell(t("no_longer", { status: word("status", String(told.ticket["status"])) }), true);
  }, [open, form]);
  const begin = async (one: CommandTold) => {
    if (one.needs.length + one.may_have.length > 0) return setOpen(idOf(one));
    await give(told, one, new FormData(), new Once(), told.version);
    await refresh();
  };
  useSignalEffect(() => {
    const kind = wanted.value;
    if (kind === null || kind.startsWith("bulk:")) return;
    wanted.value = null;
    const one = may.find((found) => found.kind === kind);
    if (one !== undefined) void begin(one);
    else tell(word("why", told.commands.find((found) => found.kind === kind)?.reason ?? "role_not_allowed"), true);
  });
  if (form !== undefined) return <Form key={idOf(form)} told={told} one={form} close={() => setOpen(null)} refresh={refresh} />;
  return (
    <>
      <div class="commands">
        {may.map((one, index) => (
          <button type="button" key={idOf(one)} class={index === 0 && FIRST.includes(one.kind) ? "primary" : ""} onClick={() => void begin(one)}>
            {titleOf(one)}
          </button>
        ))}
        {may.length === 0 && <p class="muted">{t("nothing_to_do")}</p>}
      </div>
      <Refused commands={told.commands.filter((one) => !one.allowed)} />
    </>
  );
}
