import { useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { departmentName, pack, personName, zone } from "../api/session.ts";
import { named, t, word } from "../i18n/index.ts";
import { coverOf, pathOf, type Cover, type DutyBoard, type DutyChange, type DutyLine } from "../lib/shift.ts";
import { DAY, day, dayEnd, moment } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { Awaited } from "../ui/awaited.tsx";
import { ChangeDuty } from "../ui/change-duty.tsx";
import { useLoaded, useTitle } from "../ui/loaded.ts";
import { tell, tellProblem } from "../ui/toasts.tsx";

const COVERS: readonly Cover[] = ["whole", "part", "nobody"];

function gridName(code: string): string {
  const found = pack.value?.grids?.find((one) => one.code === code);
  return found === undefined ? code : named(found);
}

const placeOf = (line: DutyLine): string => (line.org === null ? gridName(line.node) : departmentName(line.org));

/** The days that a board spans, each to its midnight. */
function daysOf(board: DutyBoard): [number, number][] {
  const found: [number, number][] = [];
  let at = board.now;
  while (at < board.until) {
    const end = Math.min(at === board.now ? dayEnd(at, zone()) : at + DAY, board.until);
    found.push([at, end]);
    at = end;
  }
  return found;
}

function Days({ line, board }: { line: DutyLine; board: DutyBoard }) {
  return (
    <>
      {daysOf(board).map(([since, until]) => {
        const cover = coverOf(line.gaps, since, until);
        const when = line.gaps.filter(([begin, end]) => begin < until && end > since).map(([begin, end]) => `${moment(begin, since, zone())}–${moment(end, since, zone())}`);
        return (
          <td key={since} class={`cover cover-${cover}`} title={when.join("；")}>
            <i class="cover-mark" aria-hidden="true" />
            <span class="sr">{t(`cover.${cover}`)}</span>
          </td>
        );
      })}
    </>
  );
}

interface LineProps {
  line: DutyLine;
  board: DutyBoard;
  change: (line: DutyLine) => void;
}

function Line({ line, board, change }: LineProps) {
  const on = line.people.filter((one) => one.on_duty);
  return (
    <tr class={line.nobody_now ? "nobody" : ""}>
      <th scope="row">{word("role", line.role)}</th>
      <td>{placeOf(line)}</td>
      <td>
        {line.nobody_now ? <b class="wrong">{t(line.people.length === 0 ? "duty.no_one" : "duty.nobody_now")}</b> : on.map((one) => one.name || one.person).join(t("comma"))}
      </td>
      <Days line={line} board={board} />
      {board.may_change && (
        <td>
          <button type="button" disabled={line.people.length === 0} onClick={() => change(line)} aria-label={`${t("duty.change")} ${word("role", line.role)} ${placeOf(line)}`}>
            {t("duty.change")}
          </button>
        </td>
      )}
    </tr>
  );
}

/** Under which home, street or department a line stands. */
function groupOf(line: DutyLine): string {
  if (line.org !== null) return t("duty.departments");
  const homes = new Set(pack.value?.homes.map((one) => one.code));
  const found = pathOf(line.node, pack.value?.grids ?? []).find((one) => homes.has(one));
  return found === undefined ? t("duty.above") : gridName(found);
}

function Group({ name, lines, board, change }: { name: string; lines: DutyLine[]; board: DutyBoard; change: (line: DutyLine) => void }) {
  const empty = lines.filter((one) => one.nobody_now).length;
  return (
    <details class="card" open={empty > 0 || lines.length < 12}>
      <summary>
        <b>{name}</b> <span class={empty > 0 ? "wrong" : "muted"}>{empty > 0 ? t("duty.empty_posts", { n: empty, of: lines.length }) : t("duty.all_there", { of: lines.length })}</span>
      </summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={name}>
        <table class="duty">
          <thead>
            <tr>
              <th scope="col">{t("field.role")}</th>
              <th scope="col">{t("fact.place")}</th>
              <th scope="col">{t("duty.now")}</th>
              {daysOf(board).map(([since]) => (
                <th key={since} scope="col">
                  {day(since, zone()).slice(5)}
                </th>
              ))}
              {board.may_change && <th scope="col">{t("commands")}</th>}
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <Line key={`${line.role} ${line.node} ${line.org}`} line={line} board={board} change={change} />
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Changes({ board, again }: { board: DutyBoard; again: () => Promise<void> }) {
  const complete = async ({ lacking: _, ...body }: DutyChange) => {
    try {
      await ask("/v1/duty", { body });
      tell(t("duty.told"));
    } catch (error) {
      tellProblem(error);
    }
    await again();
  };
  if (board.changes.length === 0) return null;
  return (
    <section class="card" aria-label={t("duty.changes")}>
      <h2>{t("duty.changes")}</h2>
      <ul class="waitings">
        {board.changes.map((one) => (
          <li key={JSON.stringify(one)} class="line waiting-line">
            <b>{personName(one.person)}</b> {word("role", one.role)} · {one.instead_of ? t("duty.instead_of", { who: personName(one.instead_of) }) : t(`change.${one.change}`)}
            <span class="muted">
              {one.since ? moment(one.since, engineNow(), zone()) : t("duty.now")} – {one.until ? moment(one.until, engineNow(), zone()) : t("duty.for_good")}
            </span>
            {one.lacking.length > 0 && board.may_change && (
              <button type="button" onClick={() => void complete(one)}>
                {t("duty.complete", { n: one.lacking.length })}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Who is on now and in the next seven days, by role and grid, and where nobody is. */
export function DutyPage() {
  const { found: board, problem, again } = useLoaded<DutyBoard>("/v1/duty");
  const [line, setLine] = useState<DutyLine | null>(null);
  const [isEmptyOnly, setEmptyOnly] = useState(false);
  useTitle("duty");
  const groups = new Map<string, DutyLine[]>();
  for (const one of board?.lines ?? []) {
    if (isEmptyOnly && one.gaps.length === 0) continue;
    const name = groupOf(one);
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return (
    <div class="page">
      <header class="card-head">
        <h1>{t("page.duty")}</h1>
        <span class="grow" />
        <button type="button" aria-pressed={isEmptyOnly} onClick={() => setEmptyOnly(!isEmptyOnly)}>
          {t("duty.empty_only")}
        </button>
        <button type="button" onClick={() => void again()}>
          {t("look_again")}
        </button>
      </header>
      <p class="row-of muted">
        {COVERS.map((one) => (
          <span key={one} class={`line cover-${one}`}>
            <i class="cover-mark" aria-hidden="true" />
            {t(`cover.${one}`)}
          </span>
        ))}
        {t("duty.says")}
      </p>
      <Awaited found={board} problem={problem} />
      {board !== null && !board.may_change && <p class="muted">{t("duty.read_only")}</p>}
      {board?.more && <p class="muted">{t("duty.cut")}</p>}
      {board && <Changes board={board} again={again} />}
      {board && [...groups].map(([name, lines]) => <Group key={name} name={name} lines={lines} board={board} change={setLine} />)}
      {line && <ChangeDuty line={line} close={() => setLine(null)} done={again} />}
    </div>
  );
}
