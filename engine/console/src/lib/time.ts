/** Moments and lengths as people read them. The zone is the city's, wherever the screen stands. Pure. */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, found);
  }
  return found;
}

function parts(at: number, zone: string): Record<string, string> {
  const found = format(zone, {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(at);
  return Object.fromEntries(found.map((part) => [part.type, part.value]));
}

/** `14:30` */
export function clockTime(at: number, zone: string): string {
  const p = parts(at, zone);
  return `${p["hour"]}:${p["minute"]}`;
}

/** `14:30:05` */
export function clockSeconds(at: number, zone: string): string {
  return `${clockTime(at, zone)}:${parts(at, zone)["second"]}`;
}

/** `2026-03-02` */
export function day(at: number, zone: string): string {
  const p = parts(at, zone);
  return `${p["year"]}-${p["month"]}-${p["day"]}`;
}

/** `14:30` on the day itself, else `03-05 14:30`; another year is named. */
export function moment(at: number, now: number, zone: string): string {
  const then = day(at, zone);
  const today = day(now, zone);
  if (then === today) return clockTime(at, zone);
  return `${then.slice(0, 4) === today.slice(0, 4) ? then.slice(5) : then} ${clockTime(at, zone)}`;
}

/** `2026-03-02 14:30:05`: what stands in a title, with nothing left out. */
export function whole(at: number, zone: string): string {
  return `${day(at, zone)} ${clockSeconds(at, zone)}`;
}

export interface Units {
  day: string;
  hour: string;
  minute: string;
  second: string;
}

/** A length by its two largest units, downwards: `2天3时`, `1时20分`, `45秒`. */
export function length(ms: number, units: Units): string {
  const left = Math.max(0, Math.floor(ms / 1000));
  const [days, hours, minutes] = [Math.floor(left / 86_400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60];
  if (days > 0) return days + units.day + (hours > 0 ? hours + units.hour : "");
  if (hours > 0) return hours + units.hour + (minutes > 0 ? minutes + units.minute : "");
  if (minutes > 0) return minutes + units.minute;
  return left + units.second;
}

export type Band = "late" | "soon" | "today" | "later" | "none";

let today = { zone: "", begins: 0, ends: 0 };

/** When the day of a moment ends in a zone; reckoned once a day, for ten thousand rows ask it again and again. */
export function dayEnd(now: number, zone: string): number {
  if (today.zone !== zone || now < today.begins || now >= today.ends) {
    const begins = instantOf(`${day(now, zone)}T00:00`, zone);
    today = { zone, begins, ends: instantOf(`${day(begins + 36 * HOUR, zone)}T00:00`, zone) };
  }
  return today.ends;
}

/** How near a limit is: broken, less than an hour of engine time away, today, later; or there is none that runs. */
export function bandOf(deadline: number | null | undefined, late: boolean, now: number, zone: string): Band {
  if (late) return "late";
  if (deadline === null || deadline === undefined) return "none";
  if (deadline <= now) return "late";
  if (deadline - now < HOUR) return "soon";
  return deadline < dayEnd(now, zone) ? "today" : "later";
}

/** Read `2026-03-02T14:30` as it is meant in a zone. */
export function instantOf(text: string, zone: string): number {
  const asUtc = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
  const offset = (at: number): number => {
    const p = parts(at, zone);
    const shown = Date.parse(`${p["year"]}-${p["month"]}-${p["day"]}T${p["hour"]}:${p["minute"]}:${p["second"]}Z`);
    return shown - Math.floor(at / 1000) * 1000;
  };
  const first = asUtc - offset(asUtc);
  return asUtc - offset(first);
}

/** Write a moment as an input of the browser has it. */
export function inputOf(at: number, zone: string): string {
  return `${day(at, zone)}T${clockTime(at, zone)}`;
}
