import type { TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { VIEWS } from "../lib/facets.ts";
import { go, ticketAddress } from "../lib/route.ts";
import { store } from "../live/store.ts";
import { categoryName, has, isWatching, placeName } from "../api/session.ts";
import { Dialog } from "./dialog.tsx";
import { shared } from "./shared-views.tsx";
import { isPaletteOpen } from "./keys.ts";
import { morePages } from "./more-menu.tsx";

interface Entry {
  label: string;
  to: string;
}

const MAIN = ["desk", "whistles", "numbers", "score", "map", "law"];

function places(): Entry[] {
  const views = (isWatching() ? VIEWS : []).map((view) => ({ label: t(`view.${view}`), to: `/queues/${view}` }));
  const pages = [...MAIN.filter(has), ...morePages()].map((page) => ({ label: t(`page.${page}`), to: `/${page}` }));
  const saved = shared.value.map((one) => ({ label: `${one.name} · ${t("views_shared")}`, to: one.address }));
  const wall = has("wall") ? [{ label: t("page.wall"), to: "/wall?views=all,late&rotate=30" }] : [];
  return [...views, ...saved, ...pages, ...wall];
}

function found(words: string): Entry[] {
  const wanted = words.trim().toLowerCase();
  const fitting = places().filter((one) => one.label.toLowerCase().includes(wanted));
  if (wanted === "") return fitting;
  for (const row of store.rows.values()) {
    if (fitting.length >= 12) break;
    const label = `${categoryName(row.category) || t("no_category")} · ${placeName(row)} · ${row.id}`;
    if (`${label}${row.text ?? ""}`.toLowerCase().includes(wanted)) fitting.push({ label, to: ticketAddress(row.id) });
  }
  return fitting;
}

function Entries() {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const entries = found(words).slice(0, 12);
  const choose = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    isPaletteOpen.value = false;
    go(entry.to);
  };
  const key = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    if (event.isComposing) return; // Enter takes a word of the input method's
    // by what stands in the field: whoever types fast presses Enter before it is drawn
    const typed = event.currentTarget.value;
    if (event.key === "ArrowDown") setAt(Math.min(entries.length - 1, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter") choose(typed === words ? entries[at] : found(typed)[0]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        autofocus
        type="search"
        value={words}
        placeholder={t("palette")}
        aria-label={t("palette")}
        onKeyDown={key}
        onInput={(event) => {
          setWords(event.currentTarget.value);
          setAt(0);
        }}
      />
      <ul class="palette">
        {entries.map((entry, index) => (
          <li key={entry.to}>
            <button type="button" class={index === at ? "here" : ""} onClick={() => choose(entry)}>
              {entry.label}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Anything by a few letters. */
export function Palette() {
  if (!isPaletteOpen.value) return null;
  return (
    <Dialog title={t("go_to")} close={() => (isPaletteOpen.value = false)}>
      <Entries />
    </Dialog>
  );
}
