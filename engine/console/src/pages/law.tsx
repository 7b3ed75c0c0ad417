/** The law desk: what is in force, what waits, and a pack that is tried before it is the law. */
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { personName, zone } from "../api/session.ts";
import { both, t } from "../i18n/index.ts";
import { moment } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Chooser } from "../law/chooser.tsx";
import type { Files } from "../law/files.ts";
import { Differences, Faults } from "../law/findings.tsx";
import { faultsOf, type Desk, type Tried, type Waiting } from "../law/model.ts";
import { Publish } from "../law/publish.tsx";
import { WhatIf } from "../law/what-if.tsx";
import { Awaited } from "../ui/awaited.tsx";
import { problemText, tell, tellProblem } from "../ui/toasts.tsx";
import "../styles/law.css";

interface Trial {
  files: Files;
  tried: Tried;
  isKept: boolean;
}

function InForce({ desk }: { desk: Desk }) {
  const known = [...desk.known].sort((a, b) => b.partitions - a.partitions);
  return (
    <section class="card" aria-label={t("law.in_force")}>
      <h2>{t("law.in_force")}</h2>
      <ul class="packs" data-test="in-force">
        {known.map((one) => (
          <li key={one.ref} class="line">
            <span class="id">{one.ref}</span> {both([one.title, one.title_zh])}
            <span class="muted">{one.partitions > 0 ? t("law.partitions", { n: one.partitions, of: desk.partitions }) : t("law.former")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function InWaiting({ desk, look, refresh }: { desk: Desk; look: (one: Waiting) => void; refresh: () => void }) {
  const drop = (one: Waiting) => ask(`/v1/packs/waiting/${encodeURIComponent(one.ref)}`, { method: "DELETE" }).then(refresh, tellProblem);
  return (
    <section class="card" aria-label={t("law.in_waiting")}>
      <h2>{t("law.in_waiting")}</h2>
      {desk.waiting.length === 0 && <p class="muted">{t("law.none_waits")}</p>}
      <ul class="packs" data-test="in-waiting">
        {desk.waiting.map((one) => (
          <li key={one.ref} class="line">
            <span class="id">{one.ref}</span>
            <bdi>{one.note}</bdi>
            <span class="muted">
              {personName(one.by.split(":").pop())} · {moment(one.at, engineNow(), zone())}
            </span>
            <span class="grow" />
            <button type="button" onClick={() => look(one)}>
              {t("law.look")}
            </button>
            <button type="button" class="quiet" onClick={() => void drop(one)}>
              {t("law.take_back")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Doing {
  trial: Trial;
  desk: Desk;
  kept: () => void;
  done: () => void;
}

function Outcome({ trial, desk, kept, done }: Doing) {
  const [from, setFrom] = useState("");
  const [asked, setAsked] = useState<{ from: string } | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [note, setNote] = useState("");
  useEffect(() => setAsked(null), [trial]);
  const keep = async () => {
    await ask("/v1/packs/waiting", { body: { files: trial.files, note } });
    kept();
  };
  const publish = () => (trial.isKept ? Promise.resolve() : keep()).then(() => setOpen(true), tellProblem);
  const isSame = trial.tried.ref === desk.in_force;
  return (
    <>
      <section class="card" aria-label={t("law.differences")}>
        <h2>{t("law.differences")}</h2>
        <Differences tried={trial.tried} />
        <p class="line law-doing">
          <label>
            {t("law.from")}
            <input type="date" name="from" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
          </label>
          <button type="button" onClick={() => setAsked({ from })}>
            {t("law.what_if")}
          </button>
          <span class="grow" />
          {!trial.isKept && !isSame && (
            <>
              <input type="text" name="note" maxLength={500} placeholder={t("law.note")} aria-label={t("law.note")} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
              <button type="button" onClick={() => void keep().then(() => tell(t("law.kept")), tellProblem)}>
                {t("law.keep")}
              </button>
            </>
          )}
          {desk.may_publish && !isSame && (
            <button type="button" class="primary" onClick={() => void publish()}>
              {t("law.publish")}…
            </button>
          )}
        </p>
      </section>
      {asked !== null && <WhatIf files={trial.files} from={asked.from} />}
      {isOpen && <Publish tried={trial.tried} close={() => setOpen(false)} done={done} />}
    </>
  );
}

/** What somebody tries: checked against the law in force, or said what is wrong with it. */
function useTrial() {
  const [trial, setTrial] = useState<Trial | null>(null);
  const [faults, setFaults] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const check = async (files: Files, isKept = false) => {
    setBusy(true);
    setTrial(null);
    setFaults([]);
    try {
      const tried = await ask<Tried>("/v1/packs/diff", { body: { files } });
      if (tried.faults.length > 0) setFaults(tried.faults);
      else setTrial({ files, tried, isKept });
    } catch (error) {
      setFaults(faultsOf(error));
      tellProblem(error);
    }
    setBusy(false);
  };
  return { trial, setTrial, faults, isBusy, check };
}

export function LawPage() {
  const [desk, setDesk] = useState<Desk | null>(null);
  const [problem, setProblem] = useState("");
  const { trial, setTrial, faults, isBusy, check } = useTrial();
  const refresh = () => void ask<Desk>("/v1/packs").then(setDesk, (error: unknown) => setProblem(problemText(error)));
  useEffect(() => {
    document.title = `${t("page.law")} · ${t("brand")}`;
    refresh();
  }, []);
  const look = (one: Waiting) =>
    void ask<{ files: Files }>(`/v1/packs/waiting/${encodeURIComponent(one.ref)}`).then((found) => check(found.files, true), tellProblem);
  const kept = () => {
    if (trial) setTrial({ ...trial, isKept: true });
    refresh();
  };
  const done = () => {
    setTrial(null);
    refresh();
  };
  return (
    <div class="page law">
      <h1>{t("page.law")}</h1>
      <Awaited found={desk} problem={problem} />
      {desk !== null && (
        <>
          <InForce desk={desk} />
          <InWaiting desk={desk} look={look} refresh={refresh} />
          <section class="card" aria-label={t("law.try")}>
            <h2>{t("law.try")}</h2>
            <Chooser take={(files) => void check(files)} isBusy={isBusy} />
          </section>
          {faults.length > 0 && <Faults faults={faults} />}
          {trial !== null && <Outcome trial={trial} desk={desk} kept={kept} done={done} />}
        </>
      )}
    </div>
  );
}
