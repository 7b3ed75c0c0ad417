/** The answers' forms, as OpenAPI describes them. */
import type { components } from "../../generated/api";

type Schemas = components["schemas"];
export type Who = Schemas["Who"];
export type Seat = Schemas["Seat"];
export type Row = Schemas["Row"];
export type ChildRow = Schemas["ChildRow"];
export type TicketTold = Schemas["TicketTold"];
export type ClockTold = Schemas["ClockTold"];
export type CommandTold = Schemas["CommandTold"];
export type Happened = Schemas["Happened"];
export type EventTold = Schemas["EventTold"];
export type Past = Schemas["Past"];
export type Pack = Schemas["Pack"];
export type Named = Schemas["Named"];
export type Decided = Schemas["Decided"];
export type Taken = Schemas["Taken"];
export type QueuePage = Schemas["QueuePage"];
export type Pair = readonly [string, string];

/** An error as RFC 9457 has it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  field?: string;
  reason?: string;
  label_zh?: string;
  mend?: string;
  now?: { version: number; status?: string; person?: string; task?: string };
  [more: string]: unknown;
}

/** One command's fate among many. */
export interface Result extends Partial<Decided> {
  ticket?: string;
  status: number;
  type?: string;
  detail?: string;
  label_zh?: string;
}

/** A ticket in a line, where another is looked at. */
export interface Brief {
  id: string;
  status: string;
  received_at: number;
  category?: string;
  text?: string;
  address?: string;
}
