/** The one stream of a browser: it holds all rows that the seat may see, and hands on what comes to every tab that
 * listens. A tab that opens later has all rows at once, without another stream. */
import type { Row } from "../api/model.ts";
import { changesOf, type Told } from "./fold.ts";

export type Heard = Told | { type: "ping"; now: number; speed: number } | { type: "shut"; isGivenUp: boolean } | { type: "other" };

/** What was heard together, and where to go on from behind it. */
export interface Batch {
  heard: Heard[];
  cursor: string;
}

export interface Port {
  send(batch: Batch): void;
}

/** Rows of the first slice: a screen's worth; the rest follows while those are painted. */
const FIRST = 200;
const SLICE = 1000;
const TOGETHER_MS = 40;
const AGAIN_MS = 1500;
/** Four signs of life missed: a connection that is cut says nothing by itself for minutes. */
const SILENT_MS = 8000;
/** A tab that crashed says no farewell; a hidden one speaks once a minute. */
const GONE_MS = 200_000;

interface Slice {
  rows: Row[];
  more: boolean;
  now: number;
  speed: number;
}

const nearest = (a: Row, b: Row): number => (a.deadline_at ?? Infinity) - (b.deadline_at ?? Infinity) || (a.id < b.id ? -1 : 1);

export class Hub {
  private readonly ports = new Map<Port, number>();
  private readonly rows: Map<string, Row>;
  private source: EventSource | null = null;
  private heardAt = 0;
  private filled: Set<string> | null = null;
  private isWhole: boolean;
  private waiting: Heard[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private who = "";
  private cursor: string;

  /** Begin with nothing, or where another broke off. */
  constructor(rows: ReadonlyMap<string, Row> = new Map(), cursor = "") {
    this.rows = new Map(rows);
    this.cursor = cursor;
    this.isWhole = cursor !== "" && cursor !== "none";
    setInterval(() => this.look(), 2000);
  }

  /** Let a tab listen; `hasRows`: it goes on with what it has. */
  add(port: Port, who: string, hasRows = false): void {
    if (this.who !== "" && who !== this.who) this.restart();
    this.who = who;
    if (!hasRows && this.source !== null) this.introduce(port);
    this.ports.set(port, Date.now());
    if (this.source === null) this.open();
  }

  here(port: Port): void {
    if (this.ports.has(port)) this.ports.set(port, Date.now());
  }

  drop(port: Port): void {
    this.ports.delete(port);
    if (this.ports.size === 0) this.shut();
  }

  /** Nobody listens any more, or somebody else has sat down in this browser: what is held is not theirs. */
  private restart(): void {
    for (const port of this.ports.keys()) port.send({ heard: [{ type: "other" }], cursor: "" });
    this.ports.clear();
    this.shut();
  }

  shut(): void {
    clearTimeout(this.again);
    this.source?.close();
    this.source = null;
    this.rows.clear();
    this.waiting = [];
    this.cursor = "";
    this.who = "";
    this.isWhole = false;
  }

  private introduce(port: Port): void {
    const rows = [...this.rows.values()].sort(nearest);
    const heard = this.waiting; // those wait for everybody, and are in the rows already
    for (let n = 0; n < rows.length; n += n === 0 ? FIRST : SLICE) {
      port.send({ heard: [{ type: "part", rows: rows.slice(n, n + (n === 0 ? FIRST : SLICE)) }], cursor: "none" });
    }
    if (this.isWhole) port.send({ heard: [{ type: "standing", ids: rows.map((row) => row.id) }], cursor: heard.length > 0 ? "none" : this.cursor });
  }

  private look(): void {
    const now = Date.now();
    for (const [port, at] of this.ports) if (now - at > GONE_MS) this.drop(port);
    if (this.source !== null && now - this.heardAt > SILENT_MS) this.open();
  }

  private open(): void {
    clearTimeout(this.again);
    this.source?.close();
    this.heardAt = Date.now();
    const from = this.cursor === "" ? "" : `&cursor=${encodeURIComponent(this.cursor)}`;
    const stream = new EventSource(`/v1/stream?queue=open&first=${FIRST}${from}`);
    this.source = stream;
    this.on<Slice>(stream, "snapshot", (data) => {
      this.filled = new Set();
      this.isWhole = false;
      this.fill(data);
    });
    this.on<Slice>(stream, "rows", (data) => this.fill(data));
    this.on<Row>(stream, "upsert", (row) => this.take({ type: "upsert", row }));
    this.on<{ id: string; version?: number }>(stream, "remove", (data) => this.take({ type: "remove", ...data }));
    this.on<{ ids: string[] }>(stream, "standing", (data) => this.take({ type: "standing", ids: data.ids }));
    this.on<{ now: number; speed: number }>(stream, "ping", (data) => this.tell({ type: "ping", now: data.now, speed: data.speed }));
    for (const name of ["cursor", "reset", "behind"]) this.on(stream, name, () => this.tell());
    stream.onerror = () => {
      if (stream !== this.source) return;
      const isGivenUp = stream.readyState === EventSource.CLOSED; // a browser gives up where it was answered anything but a stream
      this.tell({ type: "shut", isGivenUp });
      if (isGivenUp) this.again = setTimeout(() => this.source !== null && this.open(), AGAIN_MS);
    };
  }

  private on<T>(stream: EventSource, name: string, then: (data: T) => void): void {
    stream.addEventListener(name, (event) => {
      if (stream !== this.source) return;
      const { data, lastEventId } = event as MessageEvent<string>;
      this.heardAt = Date.now();
      if (lastEventId !== "") this.cursor = lastEventId;
      then(JSON.parse(data) as T);
    });
  }

  private fill(data: Slice): void {
    for (const row of data.rows) this.filled?.add(row.id);
    this.take({ type: "part", rows: data.rows }); // first: whatever else is told is gathered, and rows would be with it
    this.tell({ type: "ping", now: data.now, speed: data.speed });
    if (data.more) return;
    this.take({ type: "standing", ids: [...(this.filled ?? [])] });
    this.filled = null;
    this.isWhole = true;
  }

  private take(told: Told): void {
    const { put, gone } = changesOf(this.rows, told);
    for (const row of put) this.rows.set(row.id, row);
    for (const id of gone) this.rows.delete(id);
    this.tell(told);
  }

  private tell(heard?: Heard): void {
    if (heard !== undefined) this.waiting.push(heard);
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const batch = { heard: this.waiting, cursor: this.cursor };
      this.waiting = [];
      for (const port of this.ports.keys()) port.send(batch);
    }, heard?.type === "part" ? 0 : TOGETHER_MS);
  }
}
