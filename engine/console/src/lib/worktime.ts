/** Working time between two moments, by the law's stretches of it. Pure. */

export type Stretches = readonly (readonly number[])[];

/** Milliseconds of working time from one moment to another; `null`: the stretches do not reach that far. */
export function worked(stretches: Stretches, from: number, to: number): number | null {
  const last = stretches.at(-1)?.[1];
  if (last === undefined || to > last || from < (stretches[0]?.[0] ?? 0)) return null;
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stretches[middle]![1]! <= from) low = middle + 1;
    else high = middle;
  }
  let found = 0;
  for (let n = low; n < stretches.length && stretches[n]![0]! < to; n++) {
    found += Math.min(to, stretches[n]![1]!) - Math.max(from, stretches[n]![0]!);
  }
  return found;
}

/** `3工作时20分`, `45工作分`: what is left of a limit that only working hours use up. */
export function workLength(ms: number, units: { hour: string; minute: string; then: string }): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return minutes + units.minute;
  return hours + units.hour + (minutes % 60 > 0 ? ` ${minutes % 60}${units.then}` : "");
}
