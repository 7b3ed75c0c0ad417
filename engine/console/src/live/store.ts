/** The rows on hand. Changes wait for the next frame; then each row that changed is drawn again, and nothing else. */
import { batch, effect, signal, untracked, type Signal } from "@preact/signals";
import type { Row } from "../api/model.ts";
import { Tally, passes, type Counts, type Filter, type Seen } from "../lib/facets.ts";
import { engineNow, second } from "./clock.ts";
import { changesOf, reorder, type Told } from "./fold.ts";

/** Counts are looked at, not waited for: twice a second they would take frames from whoever scrolls. */
const COUNT_MS = 1000;
/** Rows that are counted between two frames, a millisecond or two of them. */
const COUNTED_AT_ONCE = 1500;
const ROWS_A_FRAME = 3000;

export class Store {
  readonly rows = new Map<string, Row>();
  private readonly cells = new Map<string, Signal<Row>>();
  private readonly versions = new Map<string, Signal<number>>();
  private readonly order: Row[] = [];
  private filter: Filter = { view: "mine", words: "", chosen: {} };
  private waiting: Told[] = [];
  private isAsked = false;
  private countedAt = 0;
  private isStale = true;
  private counting: object | null = null;
  /** Told of each change, with the row as it was. */
  readonly listeners = new Set<(before: Row | undefined, row: Row) => void>();

  /** What the view shows, in order; `shape` changes when that does. */
  shown: Row[] = [];
  readonly shape = signal(0);
  readonly counts = signal<Counts | null>(null);
  /** View -> how many stand in it. */
  readonly views = signal<Record<string, number>>({});
  readonly total = signal(0);
  readonly isFilled = signal(false);
  seen: Seen = { now: 0, zone: "Asia/Shanghai", person: "", role: "" };

  constructor() {
    effect(() => {
      if (second.value % 2 === 0) untracked(() => this.look());
    });
  }

  /** Take in what the stream said; it is shown with the next frame. */
  take(told: Told): void {
    this.waiting.push(told);
    this.ask();
  }

  private ask(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    if (document.hidden) setTimeout(() => this.flush(), 250);
    else requestAnimationFrame(() => this.flush());
  }

  /** The row of a ticket as something that is drawn again when it changes. */
  cell(row: Row): Signal<Row> {
    let found = this.cells.get(row.id);
    if (found === undefined) {
      found = signal(row);
      this.cells.set(row.id, found);
    }
    return found;
  }

  /** A ticket's version as the stream last told it; -1: it is not among what is open. */
  version(id: string): Signal<number> {
    let found = this.versions.get(id);
    if (found === undefined) {
      found = signal(this.rows.get(id)?.version ?? -1);
      this.versions.set(id, found);
    }
    return found;
  }

  show(filter: Filter): void {
    this.filter = filter;
    this.refilter();
    this.count();
  }

  forget(): void {
    this.rows.clear();
    this.cells.clear();
    this.order.length = 0;
    this.waiting = [];
    this.isFilled.value = false;
    this.refilter();
  }

  private flush(): void {
    this.isAsked = false;
    const told = this.some();
    batch(() => {
      let moved = false;
      for (const one of told) moved = this.apply(one) || moved;
      if (moved) this.reshaped();
      this.total.value = this.rows.size;
      if (told.some((one) => one.type === "standing")) this.isFilled.value = true; // the queue is here to its end
    });
    this.isStale = true;
    if (told.some((one) => one.type === "part" || one.type === "standing")) this.count(); // no zero stands beside rows that are there
    else if (performance.now() - this.countedAt > COUNT_MS) this.count();
    if (this.waiting.length > 0) this.ask();
  }

  /** What is shown with this frame: of a hundred thousand rows that come at once, some. */
  private some(): Told[] {
    let rows = 0;
    const last = this.waiting.findIndex((one) => {
      rows += one.type === "part" ? one.rows.length : 1;
      return rows > ROWS_A_FRAME;
    });
    const found = last < 1 ? this.waiting : this.waiting.slice(0, last);
    this.waiting = last < 1 ? [] : this.waiting.slice(last);
    return found;
  }

  private apply(told: Told): boolean {
    const { put, gone } = changesOf(this.rows, told);
    this.seen.now = engineNow();
    if (told.type === "upsert") this.entered(put);
    let moved = false;
    for (const row of put) moved = this.change(this.rows.get(row.id), row) || moved;
    for (const id of gone) moved = this.change(this.rows.get(id), undefined) || moved;
    return moved;
  }

  /** Tell whoever listens for it what comes new into views. */
  private entered(put: Row[]): void {
    if (this.isFilled.peek()) for (const tell of this.listeners) for (const row of put) tell(this.rows.get(row.id), row);
  }

  /** Put one row in another's place; says whether the view's order changed. */
  private change(old: Row | undefined, fresh: Row | undefined): boolean {
    reorder(this.order, old, fresh);
    if (fresh !== undefined) this.rows.set(fresh.id, fresh);
    else if (old !== undefined) this.forgetRow(old.id);
    const was = old !== undefined && passes(old, this.filter, this.seen);
    const is = fresh !== undefined && passes(fresh, this.filter, this.seen);
    if (was || is) reorder(this.shown, was ? old : undefined, is ? fresh : undefined);
    const id = (fresh ?? old)?.id ?? "";
    const version = this.versions.get(id);
    if (version !== undefined) version.value = fresh?.version ?? -1;
    const cell = this.cells.get(id);
    if (cell !== undefined && fresh !== undefined) cell.value = fresh;
    return was !== is || (was && is && old.deadline_at !== fresh.deadline_at);
  }

  private forgetRow(id: string): void {
    this.rows.delete(id);
    this.cells.delete(id);
  }

  /** Say that the view's order is another; whoever says so does not wait for it. */
  private reshaped(): void {
    this.shape.value = this.shape.peek() + 1;
  }

  private refilter(): void {
    this.seen.now = engineNow();
    this.shown = this.order.filter((row) => passes(row, this.filter, this.seen));
    this.reshaped();
  }

  /** Time alone moves rows too: look again at those views that hang on it, and at the counts. */
  private look(): void {
    const hangs = this.filter.view === "late" || this.filter.view === "not_begun" || this.filter.chosen.band;
    if (hangs && this.rows.size > 0) this.refilter();
    if (this.isStale || hangs) this.count();
  }

  /** Count, some rows between two frames: a hundred thousand at once would be a frame of a third of a second. */
  private count(): void {
    this.countedAt = performance.now();
    this.isStale = false;
    const seen = { ...this.seen, now: engineNow() };
    const rows = this.order.length > COUNTED_AT_ONCE ? [...this.order] : this.order;
    const tally = new Tally(this.filter, seen);
    const mine = {};
    this.counting = mine;
    const go = (from: number): void => {
      if (this.counting !== mine) return;
      tally.add(rows, from, from + COUNTED_AT_ONCE);
      if (from + COUNTED_AT_ONCE < rows.length) return void setTimeout(() => go(from + COUNTED_AT_ONCE), 4);
      batch(() => {
        this.counts.value = tally.counts;
        this.views.value = tally.views;
      });
    };
    go(0);
  }
}

export const store = new Store();
