import { useState } from "preact/hooks";
import { ask, ticketPath } from "../api/client.ts";
import type { Row } from "../api/model.ts";
import { categoryName, dutyName, pack, placeName, who } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { ticketAddress } from "../lib/route.ts";
import { linesFor, type DutyBoard } from "../lib/shift.ts";
import { store } from "../live/store.ts";
import { useLoaded, useTitle } from "../ui/loaded.ts";
import { Link } from "../ui/link.tsx";
import { Exercise } from "../ui/exercise.tsx";
import { Limit } from "../ui/row.tsx";
import { tell, tellProblem } from "../ui/toasts.tsx";

const SHOWN = 60;

async function give(row: Row, body: Record<string, unknown>): Promise<void> {
  try {
    await ask(`${ticketPath(row.id)}/commands`, { body, version: row.version });
    tell(t("done", { what: word("command", String(body["kind"])) }));
  } catch (error) {
    tellProblem(error);
  }
}

/** Giving back takes a reason: before it was taken the next party has it, after that two people decide. */
function GiveBack({ row, kind }: { row: Row; kind: "decline" | "send_back" }) {
  const [isOpen, setOpen] = useState(false);
  if (!isOpen) {
    return (
      <button type="button" onClick={() => setOpen(true)}>
        {word("command", kind)}
      </button>
    );
  }
  return (
    <form
      class="row-of"
      aria-label={`${word("command", kind)} ${row.id}`}
      onSubmit={(event) => {
        event.preventDefault();
        void give(row, { kind, reason: String(new FormData(event.currentTarget).get("reason")) }).then(() => setOpen(false));
      }}
    >
      <input name="reason" required maxLength={400} autofocus aria-label={word("field", "reason")} placeholder={word("field", "reason")} autocomplete="off" />
      <button>{word("command", kind)}</button>
    </form>
  );
}

function WhoMay({ row, board }: { row: Row; board: DutyBoard | null }) {
  const lines = board === null ? [] : linesFor(row.party ?? "", row.leaf ?? row.home, board.lines, pack.value?.grids ?? []);
  const on = lines.flatMap((line) => line.people).filter((one) => one.on_duty);
  return (
    <p class="muted">
      {t("offers.who_may", { party: dutyName(row.party) })}
      {on.length > 0 ? `${t("colon")}${on.map((one) => one.name || one.person).join(t("comma"))}` : board === null ? "" : `${t("colon")}${t("duty.nobody_now")}`}
    </p>
  );
}

function Offer({ row, board, isMine }: { row: Row; board: DutyBoard | null; isMine: boolean }) {
  const cell = store.cell(row).value;
  return (
    <li class="card offer" data-offer={row.id}>
      <div class="line">
        <Exercise played={cell.exercise} />
        <Link to={ticketAddress(row.id)} class="title">
          {categoryName(cell.category) || t("no_category")}
        </Link>
        <span class="grow" />
        <Limit row={cell} />
      </div>
      <p class="text">
        <bdi>{cell.text ?? ""}</bdi>
      </p>
      <p class="muted">{[placeName(cell), cell.address].filter(Boolean).join(" · ")}</p>
      {!isMine && <WhoMay row={cell} board={board} />}
      <p class="row-of">
        {!isMine && (
          <button type="button" class="primary" disabled={cell.party !== who.value?.role} onClick={() => void give(cell, { kind: "accept" })}>
            {t("offers.take")}
          </button>
        )}
        {isMine ? <GiveBack row={cell} kind="send_back" /> : cell.party === who.value?.role && <GiveBack row={cell} kind="decline" />}
      </p>
    </li>
  );
}

function List({ title, rows, board, isMine, empty }: { title: string; rows: Row[]; board: DutyBoard | null; isMine: boolean; empty: string }) {
  return (
    <section aria-label={title}>
      <h2>
        {title} <span class="n muted">{t("rows", { n: rows.length })}</span>
      </h2>
      {rows.length === 0 && <p class="empty">{empty}</p>}
      <ul class="offers">
        {rows.slice(0, SHOWN).map((row) => (
          <Offer key={row.id} row={row} board={board} isMine={isMine} />
        ))}
      </ul>
      {rows.length > SHOWN && <Link to="/queues/all?status=offered">{t("more", { n: rows.length - SHOWN })}</Link>}
    </section>
  );
}

/** What is on offer to a party's people (居民点单 组织下单 党员接单): take, give back, and who may. */
export function OffersPage() {
  useTitle("offers");
  store.shape.value;
  store.counts.value;
  const { found: board } = useLoaded<DutyBoard>("/v1/duty?days=1");
  const role = who.value?.role ?? "";
  const parties = pack.value?.parties.map((one) => one.code) ?? [];
  const [party, setParty] = useState(parties.includes(role) ? role : "");
  const all = [...store.rows.values()].sort((a, b) => (a.deadline_at ?? Infinity) - (b.deadline_at ?? Infinity));
  const offered = all.filter((row) => row.status === "offered" && parties.includes(row.party ?? "") && (party === "" || row.party === party));
  const mine = all.filter((row) => row.person === who.value?.name && (row.status === "accepted" || row.status === "handling"));
  return (
    <div class="page">
      <header class="card-head">
        <h1>{t("page.offers")}</h1>
        <span class="grow" />
        {["", ...parties].map((one) => (
          <button key={one} type="button" aria-pressed={party === one} onClick={() => setParty(one)}>
            {one === "" ? t("offers.all_parties") : dutyName(one)}
          </button>
        ))}
      </header>
      <p class="muted">{t(parties.includes(role) ? "offers.says" : "offers.says_to_others")}</p>
      <List title={t("offers.on_offer")} rows={offered} board={board} isMine={false} empty={t("offers.none")} />
      {parties.includes(role) && <List title={t("offers.mine")} rows={mine} board={board} isMine={true} empty={t("offers.none_mine")} />}
    </div>
  );
}
