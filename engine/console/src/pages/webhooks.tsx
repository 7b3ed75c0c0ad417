import { useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { departmentName, pack, who, zone } from "../api/session.ts";
import { named, t, word } from "../i18n/index.ts";
import { ticketAddress } from "../lib/route.ts";
import type { DutyBoard } from "../lib/shift.ts";
import { whole } from "../lib/time.ts";
import { Awaited } from "../ui/awaited.tsx";
import { useLoaded, useTitle } from "../ui/loaded.ts";
import { Link } from "../ui/link.tsx";
import { problemText, tell, tellProblem } from "../ui/toasts.tsx";

interface Webhook {
  id: string;
  url: string;
  filter: string;
  state: string;
  why: string;
  failures: number;
  waiting: number;
}

interface Delivery {
  id: string;
  ticket: string;
  kind: string;
  state: string;
  attempts: number;
  last_at: string | null;
  status: number | null;
  answer: string | null;
}

const STATES = ["", "waiting", "sent", "given_up"];

function Deliveries({ path, isTheirs }: { path: string; isTheirs: boolean }) {
  const [state, setState] = useState("");
  const { found, problem, again } = useLoaded<{ deliveries: Delivery[] }>(`${path}/deliveries?limit=50${state && `&state=${state}`}`);
  const redrive = async (body: Record<string, unknown>) => {
    try {
      const told = await ask<{ again: number }>(`${path}/redrive`, { body });
      tell(t("webhooks.redriven", { n: told.again }));
    } catch (error) {
      tellProblem(error);
    }
    await again();
  };
  return (
    <>
      <p class="row-of">
        {STATES.map((one) => (
          <button key={one} type="button" aria-pressed={state === one} onClick={() => setState(one)}>
            {one === "" ? t("webhooks.all") : word("sent", one)}
          </button>
        ))}
        <span class="grow" />
        {isTheirs && (
          <button type="button" onClick={() => void redrive({ all: true })}>
            {t("webhooks.redrive_all")}
          </button>
        )}
        <button type="button" onClick={() => void again()}>
          {t("look_again")}
        </button>
      </p>
      <Awaited found={found} problem={problem} />
      {found?.deliveries.length === 0 && <p class="empty">{t("webhooks.none_sent")}</p>}
      {found !== null && found.deliveries.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("webhooks.deliveries")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("notices.when")}</th>
                <th scope="col">{t("notices.what")}</th>
                <th scope="col">{t("field.ticket")}</th>
                <th scope="col">{t("notices.fate")}</th>
                <th scope="col">{t("webhooks.answered")}</th>
                <th scope="col">{t("commands")}</th>
              </tr>
            </thead>
            <tbody>
              {found.deliveries.map((one) => (
                <tr key={one.id}>
                  <td>{one.last_at === null ? "" : whole(Date.parse(one.last_at), zone())}</td>
                  <td>{one.kind}</td>
                  <td>{one.kind === "test" ? "" : <Link to={ticketAddress(one.ticket)}>{one.ticket}</Link>}</td>
                  <td>
                    {word("sent", one.state)} <span class="muted n">{t("webhooks.tries", { n: one.attempts })}</span>
                  </td>
                  <td>
                    {one.status ?? ""} <bdi class="muted">{(one.answer ?? "").slice(0, 120)}</bdi>
                  </td>
                  <td>
                    {isTheirs && one.state !== "waiting" && (
                      <button type="button" onClick={() => void redrive({ id: one.id })}>
                        {t("webhooks.redrive")}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function One({ base, one, isTheirs, again }: { base: string; one: Webhook; isTheirs: boolean; again: () => Promise<void> }) {
  const path = `${base}/${one.id}`;
  const [turn, setTurn] = useState(0);
  const give = async (what: string) => {
    try {
      await ask(`${path}/${what}`, { body: {} });
      tell(t(`webhooks.${what}_done`));
    } catch (error) {
      tellProblem(error);
    }
    await again();
    setTurn(turn + 1);
  };
  return (
    <section class="card" aria-label={one.url} data-webhook={one.id}>
      <header class="card-head">
        <h2>
          <bdi>{one.url}</bdi>
        </h2>
        <span class={one.state === "active" ? "" : "wrong"}>{word("target", one.state)}</span>
        <span class="grow" />
        {isTheirs && (
          <>
            <button type="button" disabled={one.state !== "active"} onClick={() => void give("test")}>
              {t("webhooks.test")}
            </button>
            <button type="button" onClick={() => void give(one.state === "active" ? "pause" : "resume")}>
              {t(one.state === "active" ? "webhooks.pause" : "webhooks.resume")}
            </button>
          </>
        )}
      </header>
      <p class="muted">
        {one.filter ? <code>{one.filter}</code> : t("webhooks.takes_all")} · {t("webhooks.waits", { n: one.waiting })} · {t("webhooks.failures", { n: one.failures })} <bdi>{one.why}</bdi>
      </p>
      <Deliveries key={turn} path={path} isTheirs={isTheirs} />
    </section>
  );
}

function Add({ base, again }: { base: string; again: () => Promise<void> }) {
  const [secret, setSecret] = useState("");
  const [wrong, setWrong] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const filter = String(given.get("filter")).trim();
    try {
      const told = await ask<{ secret: string }>(base, { body: { url: String(given.get("url")).trim(), ...(filter && { filter }) } });
      setSecret(told.secret);
      setWrong("");
      form.reset();
      await again();
    } catch (error) {
      setWrong(problemText(error));
    }
  };
  return (
    <form class="card command-form" aria-label={t("webhooks.add")} onSubmit={(event) => void submit(event)}>
      <h2>{t("webhooks.add")}</h2>
      <div class="pair">
        <label>
          {t("webhooks.address")}
          <input name="url" type="url" required maxLength={2000} placeholder="https://" autocomplete="off" />
        </label>
        <label>
          {t("webhooks.filter")}
          <input name="filter" maxLength={1000} placeholder={"urgency == 'U1'"} autocomplete="off" />
        </label>
      </div>
      {wrong && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      {secret && (
        <p>
          {t("webhooks.secret")} <code data-test="secret">{secret}</code>
        </p>
      )}
      <p class="row-of">
        <button class="primary">{t("webhooks.add")}</button>
      </p>
    </form>
  );
}

function OfDepartment({ code }: { code: string }) {
  const base = `/v1/departments/${encodeURIComponent(code)}/webhooks`;
  const { found, problem, again } = useLoaded<{ webhooks: Webhook[] }>(base);
  const isTheirs = who.value?.role === "department";
  return (
    <>
      <Awaited found={found} problem={problem} />
      {found?.webhooks.length === 0 && <p class="empty">{t("webhooks.none")}</p>}
      {found?.webhooks.map((one) => <One key={one.id} base={base} one={one} isTheirs={isTheirs} again={again} />)}
      {isTheirs && <Add base={base} again={again} />}
    </>
  );
}

/** A department's webhooks and what came of each message; an auditor looks at any department's. */
export function WebhooksPage() {
  useTitle("webhooks");
  const isOwn = who.value?.role === "department";
  const { found: board } = useLoaded<DutyBoard>(isOwn ? "/v1/duty?days=1" : null);
  const [chosen, setChosen] = useState(pack.value?.departments[0]?.code ?? "");
  const own = board?.lines.find((one) => one.org !== null)?.org ?? "";
  const code = isOwn ? own : chosen;
  return (
    <div class="page">
      <header class="card-head">
        <h1>{t("page.webhooks")}</h1>
        {isOwn ? (
          <span class="muted">{departmentName(code)}</span>
        ) : (
          <select class="narrow" value={chosen} aria-label={t("field.department")} onChange={(event) => setChosen(event.currentTarget.value)}>
            {pack.value?.departments.map((one) => (
              <option key={one.code} value={one.code}>
                {named(one)}
              </option>
            ))}
          </select>
        )}
      </header>
      {code !== "" && <OfDepartment key={code} code={code} />}
    </div>
  );
}
