/** Everything by keyboard: one place knows which key does what. */
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { has } from "../api/session.ts";
import { store } from "../live/store.ts";
import { back, go, path, steps, ticketAddress } from "../lib/route.ts";
import { shutMenu } from "./menus.ts";
import { chosen, chooseNone, current, step, toggle } from "./selection.ts";

export const isHelpOpen = signal(false);
export const isPaletteOpen = signal(false);
/** A command that a key asked for: the ticket's page opens its form. */
export const wanted = signal<string | null>(null);

const COMMANDS: Record<string, string> = { a: "accept", e: "escalate", r: "reassign", m: "note", f: "finish", s: "start" };
const PLACES: Record<string, string> = { q: "/queues/mine", a: "/queues/all", d: "/desk", p: "/approvals", w: "/whistles", n: "/numbers", s: "/score", m: "/map", l: "/law" };

/** What stands open over a page, the last opened last: Escape shuts that one alone. */
const closers: (() => void)[] = [];

export function useEscape(close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useLayoutEffect(() => {
    const shut = () => latest.current();
    closers.push(shut);
    return () => void closers.splice(closers.indexOf(shut), 1);
  }, []);
}

let isGoing = false;

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return element?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]") != null;
}

function moved(by: number): void {
  const id = step(by);
  if (id !== null && path.value.startsWith("/tickets/")) go(ticketAddress(id), true);
}

function command(kind: string): void {
  if (path.value.startsWith("/tickets/")) {
    wanted.value = kind;
  } else if (chosen.value.size > 0) {
    wanted.value = `bulk:${kind}`;
  } else if (current.value !== null) {
    wanted.value = kind;
    go(ticketAddress(current.value));
  }
}

function escape(): void {
  if (closers.length > 0) {
    closers.at(-1)!();
  } else if (shutMenu()) {
    return;
  } else if (wanted.value !== null) {
    wanted.value = null;
  } else if (path.value.startsWith("/tickets/")) {
    back("/queues/mine");
  } else {
    chooseNone();
  }
}

/** Open one of a queue's menus, or shut it, and stand on it. */
function opened(menu: string): void {
  const summary = document.querySelector<HTMLElement>(`.queue-head ${menu} summary`);
  summary?.focus();
  summary?.click();
}

const KEYS: Record<string, () => void> = {
  j: () => moved(1),
  k: () => moved(-1),
  x: () => current.value !== null && !path.value.startsWith("/tickets/") && toggle(current.value),
  "/": () => document.getElementById("find")?.focus(),
  v: () => opened(".saved"),
  b: () => opened(".bell"),
  "?": () => (isHelpOpen.value = !isHelpOpen.value),
  g: () => {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1200);
  },
  Enter: () => current.value !== null && !path.value.startsWith("/tickets/") && go(ticketAddress(current.value)),
};

function pressed(event: KeyboardEvent): void {
  if (event.isComposing || event.defaultPrevented) return; // whoever composes Chinese gives Enter and Escape to the input method
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    isPaletteOpen.value = !isPaletteOpen.value;
    return;
  }
  if (event.key === "Escape") return escape();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const onControl = (event.target as HTMLElement | null)?.closest?.("a, button, summary") != null;
  if (event.key === "Enter" && onControl) return;
  const to = isGoing ? PLACES[event.key] : undefined;
  const act = to === undefined ? KEYS[event.key] : () => has(to.split("/")[1]!) && go(to);
  const kind = to === undefined ? COMMANDS[event.key] : undefined;
  isGoing = false;
  if (act === undefined && kind === undefined) return;
  event.preventDefault();
  if (act !== undefined) act();
  else command(kind!);
}

export function listenToKeys(): () => void {
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

/** Where the ticket on the screen stands among those of its view. */
export function nextTo(id: string): { before: string | null; after: string | null } {
  const at = store.shown.findIndex((row) => row.id === id);
  return { before: store.shown[at - 1]?.id ?? null, after: at < 0 ? null : (store.shown[at + 1]?.id ?? null) };
}

export const isTicket = (): boolean => steps.value[0] === "tickets";
