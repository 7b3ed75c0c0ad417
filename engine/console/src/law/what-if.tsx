/** A pack over what was recorded: how far it is, then what would have been otherwise, ticket by ticket. */
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { dutyName, homeName, tierName } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { ticketAddress } from "../lib/route.ts";
import { Link } from "../ui/link.tsx";
import { problemText, tellProblem } from "../ui/toasts.tsx";
import type { Files } from "./files.ts";
import { Faults } from "./findings.tsx";
import type { Differing, Job, Side } from "./model.ts";

const LOOK_MS = 700;
const PAGE = 50;

function side(one: Side | null): string {
  if (one === null) return t("law.no_ticket");
  const departments = one.departments.map(dutyName).join(t("comma"));
  return [tierName(one.tier), one.party ? dutyName(one.party) : "", word("status", one.status), departments].filter((x) => x !== "").join(" · ");
}

function Row({ row }: { row: Differing }) {
  const id = row.before?.ticket ?? row.after?.ticket ?? "";
  return (
    <tr>
      <th scope="row">
        <Link to={ticketAddress(id)}>{id}</Link> <span class="muted">{homeName(row.home)}</span>
      </th>
      <td>{side(row.before)}</td>
      <td>{side(row.after)}</td>
      <td>
        {row.breaches_appear.length > 0 && <span class="bad">{t("law.missed_anew", { n: row.breaches_appear.length })} </span>}
        {row.breaches_vanish.length > 0 && <span class="good">{t("law.not_missed", { n: row.breaches_vanish.length })}</span>}
      </td>
    </tr>
  );
}

function Rows({ rows }: { rows: readonly Differing[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("law.tickets")}>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">{t("law.ticket")}</th>
            <th scope="col">{t("law.before")}</th>
            <th scope="col">{t("law.after")}</th>
            <th scope="col">{t("law.limits")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={`${row.identity}${row.before?.ticket ?? row.after?.ticket}`} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Figures({ job }: { job: Job }) {
  const pairs: [string, number | undefined][] = [
    ["law.told", job.tickets_before],
    ["law.differ", job.differ],
    ["law.moved", job.moved?.["any"]],
    ["law.appear", job.breaches_appear],
    ["law.vanish", job.breaches_vanish],
    ["law.misfits", job.no_longer_fit],
  ];
  return (
    <dl class="figures" data-test="what-if">
      {pairs.map(([name, n]) => (
        <div key={name}>
          <dt>{word("law", name.slice(4))}</dt>
          <dd>{n ?? 0}</dd>
        </div>
      ))}
    </dl>
  );
}

function Result({ job }: { job: Job }) {
  const [rows, setRows] = useState<Differing[]>(job.rows ?? []);
  const [next, setNext] = useState(job.next);
  const more = () =>
    ask<Job>(`${job.ask}?limit=${PAGE}&cursor=${next}`).then((page) => {
      setRows([...rows, ...(page.rows ?? [])]);
      setNext(page.next);
    }, tellProblem);
  return (
    <>
      <Figures job={job} />
      {rows.length > 0 && <Rows rows={rows} />}
      {next !== undefined && (
        <button type="button" onClick={() => void more()}>
          {t("law.more_rows")}
        </button>
      )}
      <details>
        <summary>{t("law.in_words")}</summary>
        {(job.summary ?? []).map((line) => (
          <p key={line} lang="en">
            {line}
          </p>
        ))}
      </details>
    </>
  );
}

function Progress({ job, cancel }: { job: Job; cancel: () => void }) {
  const known = (job.total ?? 0) > 0;
  return (
    <p class="line">
      <label class="grow">
        {word("law_step", job.step)} {known ? `${job.done} / ${job.total}` : ""}
        <progress class="wide" {...(known ? { value: job.done, max: job.total } : {})} />
      </label>
      <button type="button" onClick={cancel}>
        {t("law.cancel")}
      </button>
    </p>
  );
}

/** Starts one for these files and follows it. */
export function WhatIf({ files, from }: { files: Files; from: string }) {
  const [job, setJob] = useState<Job | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let timer = 0;
    let isHere = true;
    const look = (told: Job) => {
      if (!isHere) return;
      setJob(told);
      if (told.state === "running") timer = window.setTimeout(() => ask<Job>(`${told.ask}?limit=${PAGE}`).then(look, failed), LOOK_MS);
    };
    const failed = (error: unknown) => isHere && setProblem(problemText(error));
    ask<Job>("/v1/packs/what-if", { body: { files, ...(from === "" ? {} : { from }) } }).then(look, failed);
    return () => {
      isHere = false;
      clearTimeout(timer);
    };
  }, [files, from]);
  const cancel = () => {
    if (job) void ask(job.ask, { method: "DELETE" }).then(() => setJob({ ...job, state: "cancelled" }), tellProblem);
  };
  return (
    <section class="card" aria-label={t("law.what_if")} aria-live="polite">
      <h2>{t("law.what_if")}</h2>
      {problem && <p class="bad">{problem}</p>}
      {!problem && job === null && <p>{t("loading")}</p>}
      {job?.state === "running" && <Progress job={job} cancel={cancel} />}
      {job?.state === "cancelled" && <p>{t("law.cancelled")}</p>}
      {job?.state === "failed" && <Faults faults={job.faults ?? []} />}
      {job?.state === "done" && <Result key={job.job} job={job} />}
    </section>
  );
}
