/** What a report that waits to be filed may be, where it may lie, and which it may be once more: reckoned in the browser
 * from the law's names and the rows on hand. A guess chooses; somebody files. Pure. */
import type { Named, Row } from "../api/model.ts";

export interface Guess {
  code: string;
  /** 0 to 1. */
  score: number;
}

/** Guesses of each kind: more are no help to somebody who has to read them. */
export const MOST = 3;
/** What shares less is chance. */
const LEAST = 0.25;
/** What shares as much may be the same. */
const SAME = 0.5;
const COMPARED = 300;

/** Pieces by which texts are compared: pairs of Chinese characters, words of other scripts. */
export function piecesOf(text: string): Set<string> {
  const found = new Set<string>();
  const apart = text.toLowerCase().replace(/\p{Script=Han}+/gu, " $& ");
  for (const run of apart.split(/[^\p{L}\p{N}]+/u)) {
    if (!/\p{Script=Han}/u.test(run)) {
      if (run.length > 2) found.add(run);
    } else if (run.length === 1) found.add(run);
    else for (let n = 0; n + 1 < run.length; n++) found.add(run.slice(n, n + 2));
  }
  return found;
}

/** The pieces of a row's text and address, cut once for as long as the row is the same. */
const cut = new WeakMap<Row, { text: Set<string>; address: Set<string> }>();

function piecesIn(row: Row): { text: Set<string>; address: Set<string> } {
  const found = cut.get(row) ?? { text: piecesOf(row.text ?? ""), address: piecesOf(row.address ?? "") };
  cut.set(row, found);
  return found;
}

/** Open tickets to compare with, the latest: of ten thousand a second would be spent on them. */
export function lately(rows: Iterable<Row>): Row[] {
  return [...rows].filter((one) => one.status !== "held").sort((a, b) => b.received_at - a.received_at).slice(0, COMPARED);
}

/** A piece that every tenth report has says nothing of one. */
function common(others: readonly Row[]): Set<string> {
  const often = new Map<string, number>();
  for (const one of others) for (const piece of new Set([...piecesIn(one).text, ...piecesIn(one).address])) often.set(piece, (often.get(piece) ?? 0) + 1);
  return new Set([...often].filter(([, n]) => n > 3 && n * 10 > others.length).map(([piece]) => piece));
}

const rare = (pieces: Set<string>, often: Set<string>): Set<string> => new Set([...pieces].filter((one) => !often.has(one)));

const shared = (a: Set<string>, b: Set<string>): string[] => [...a].filter((one) => b.has(one));

function likeness(a: Set<string>, b: Set<string>): number {
  return a.size === 0 || b.size === 0 ? 0 : shared(a, b).length / Math.sqrt(a.size * b.size);
}

/** How much of a name a text has; what many names have ("社区") says little. */
function named(list: readonly Named[], text: Set<string>): Guess[] {
  const names = list.map((one) => ({ code: one.code, forms: [one.label, one.label_zh].map(piecesOf) }));
  const often = new Map<string, number>();
  for (const { forms } of names) for (const piece of new Set(forms.flatMap((form) => [...form]))) often.set(piece, (often.get(piece) ?? 0) + 1);
  const weight = (pieces: Iterable<string>): number => {
    let sum = 0;
    for (const piece of pieces) sum += 1 / (often.get(piece) ?? 1);
    return sum;
  };
  const of = (form: Set<string>): number => (form.size === 0 ? 0 : weight(shared(form, text)) / weight(form));
  return names.map(({ code, forms }) => ({ code, score: Math.max(...forms.map(of)) }));
}

function best(guesses: readonly Guess[]): Guess[] {
  const most = new Map<string, number>();
  for (const { code, score } of guesses) most.set(code, Math.max(score, most.get(code) ?? 0));
  return [...most]
    .map(([code, score]) => ({ code, score }))
    .filter(({ score }) => score >= LEAST)
    .sort((a, b) => b.score - a.score || (a.code < b.code ? -1 : 1))
    .slice(0, MOST);
}

export interface Guesses {
  category: Guess[];
  place: Guess[];
  /** Open tickets of like words and address. */
  same: Guess[];
}

/** By the names of the law's categories and homes, and by what open tickets of like words were filed as and where those
 * of a like address lie. */
export function guessesFor(row: Row, categories: readonly Named[], homes: readonly Named[], open: readonly Row[]): Guesses {
  const others = open.filter((one) => one.id !== row.id);
  const often = common(others);
  const mine = { text: rare(piecesIn(row).text, often), address: rare(piecesIn(row).address, often) };
  const like = others.map((one) => ({ one, text: likeness(mine.text, piecesIn(one).text), address: likeness(mine.address, piecesIn(one).address) }));
  const filed = like.flatMap(({ one, text }) => (one.category ? [{ code: one.category, score: text }] : []));
  const lie = like.flatMap(({ one, address }) => (one.leaf ? [{ code: one.leaf, score: address }] : []));
  return {
    category: best([...named(categories, piecesIn(row).text), ...filed]),
    place: best([...named(homes, new Set([...piecesIn(row).text, ...piecesIn(row).address])), ...lie]),
    same: best(like.map(({ one, text, address }) => ({ code: one.id, score: mine.address.size === 0 ? text : (text + address) / 2 }))).filter(({ score }) => score >= SAME),
  };
}
