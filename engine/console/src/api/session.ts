/** Who sits here, and by which law: what every page looks at. */
import { signal } from "@preact/signals";
import { both, named, word } from "../i18n/index.ts";
import { keep, keptText } from "../lib/kept.ts";
import { takeKey } from "../lib/wall-key.ts";
import { prepare } from "../live/channel.ts";
import { hear } from "../live/clock.ts";
import { hush, listen } from "../live/feed.ts";
import { store } from "../live/store.ts";
import { ask, whenSignedOut } from "./client.ts";
import type { Named, Pack, Row, Seat, Who } from "./model.ts";

/** `undefined`: not known yet; `null`: nobody. */
export const who = signal<Who | null | undefined>(undefined);
export const pack = signal<Pack | null>(null);

/** Whether a page is one's own: the menu shows no other. */
export const has = (page: string): boolean => who.value?.pages.includes(page) === true;

export const zone = (): string => pack.value?.timezone ?? "Asia/Shanghai";

whenSignedOut.call = () => {
  if (who.peek()) leave();
};

/** Whoever has not sat down here is not asked for: a first visit makes no request that can only fail. */
const SEATED = "seated";

/** A wall signs in by its key, whoever sat here before. */
async function arriveOnWall(key: string): Promise<void> {
  try {
    await settle(await ask<Who>("/v1/session", { body: { key } }));
  } catch {
    who.value = null;
  }
}

export async function arrive(): Promise<void> {
  const key = takeKey();
  if (key !== "") return arriveOnWall(key);
  if (keptText(SEATED) === "no" || keptText(SEATED) === null) {
    who.value = null;
    return;
  }
  prepare();
  try {
    const law = ask<Pack>("/v1/packs/in-force");
    law.catch(() => undefined); // where there is no session, that is said below
    await settle(await ask<Who>("/v1/session"), law);
  } catch {
    who.value = null;
  }
}

/** Who watches live queues; whoever runs the machines is told their counts alone. */
const WATCHES = ["person", "auditor", "wall"];
export const isWatching = (): boolean => WATCHES.includes(who.value?.kind ?? "");

export async function settle(found: Who, asked: Promise<Pack> = ask<Pack>("/v1/packs/in-force")): Promise<void> {
  store.seen = { now: 0, zone: zone(), person: found.name, role: found.role ?? "" };
  if (WATCHES.includes(found.kind)) listen(`${found.kind}:${found.role ?? ""}:${found.name}`);
  const law = await asked;
  pack.value = law;
  hear(law.now, law.speed);
  store.seen = { ...store.seen, zone: zone() };
  who.value = found;
  keep(SEATED, "yes");
}

/** Somebody goes to the city's login: whoever comes back from there is asked for. */
export const expectBack = (): void => keep(SEATED, "yes");

export function leave(): void {
  hush();
  who.value = null;
  keep(SEATED, "no");
}

export async function signOut(): Promise<void> {
  await ask("/v1/session", { method: "DELETE" }).catch(() => undefined);
  leave();
}

export const seats = (): Promise<{ seats: Seat[] }> => ask<{ seats: Seat[] }>("/v1/seats");

function labelIn(list: readonly Named[] | undefined, code: string | null | undefined): string {
  const found = list?.find((one) => one.code === code);
  return found === undefined ? (code ?? "") : named(found) || found.code;
}

export const departmentName = (code: string | null | undefined): string => labelIn(pack.value?.departments, code);
export const categoryName = (code: string | null | undefined): string => labelIn(pack.value?.categories, code);
export const gridName = (code: string | null | undefined): string => labelIn(pack.value?.grids, code);
export const homeName = (code: string | null | undefined): string => labelIn(pack.value?.homes, code);

export function personName(id: string | null | undefined): string {
  if (!id) return "";
  return pack.value?.people?.[id] ?? (id === "duty-desk" ? word("role", "desk") : id);
}

export function tierName(code: string | null | undefined): string {
  const steps = Object.values(pack.value?.ladders ?? {}).flat();
  return labelIn(steps, code);
}

/** A party, a department or another post that holds a ticket. */
export function dutyName(code: string | null | undefined): string {
  const party = pack.value?.parties.find((one) => one.code === code);
  if (party !== undefined) return named(party);
  const department = pack.value?.departments.find((one) => one.code === code);
  return department !== undefined ? named(department) : word("role", code);
}

/** The step above a ticket's own, by its category's ladder; empty: nobody is above, or it is not known. */
export function tierAbove(row: Row): string {
  const ladder = pack.value?.categories.find((one) => one.code === row.category)?.ladder ?? "default";
  const steps = pack.value?.ladders[ladder] ?? [];
  const at = steps.findIndex((one) => one.code === row.tier);
  const above = at >= 0 ? steps[at + 1] : undefined;
  return above === undefined ? "" : named(above);
}

export const placeName = (row: Row): string =>
  [both(row.labels?.street), both(row.labels?.leaf) || both(row.labels?.home)].filter((one) => one !== "").join(" ");
