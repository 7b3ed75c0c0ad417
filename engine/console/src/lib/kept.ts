/** What this browser remembers for a person: small things alone, and it works where it may remember nothing. */

const PREFIX = "gridwhistle.";

export function kept<T extends string>(name: string, known: readonly T[], otherwise: T): T {
  try {
    const found = localStorage.getItem(PREFIX + name) as T | null;
    return found !== null && known.includes(found) ? found : otherwise;
  } catch {
    return otherwise;
  }
}

export function keptText(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    return;
  }
}
