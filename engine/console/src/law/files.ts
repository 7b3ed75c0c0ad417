/** A pack as somebody brings it: its YAML files, an archive of them, or one file with everything. */
import { MOST_BYTES, NoZip, unzipped } from "../lib/zip.ts";

export const NAMES = ["pack", "grid", "categories", "roster"] as const;
export type Files = Record<string, string>;

const isYaml = (name: string): boolean => /\.ya?ml$/i.test(name);
const stem = (name: string): string => name.replace(/\.ya?ml$/i, "").toLowerCase();
const isOurs = (name: string): boolean => isYaml(name) && (NAMES as readonly string[]).includes(stem(name));

/** Read what was chosen; a single file of another name is the whole pack. */
export async function filesOf(chosen: readonly File[]): Promise<Files> {
  const found: Files = {};
  for (const file of chosen) {
    if (file.size > 4 * MOST_BYTES) throw new NoZip("too large");
    if (/\.zip$/i.test(file.name)) {
      for (const [name, text] of await unzipped(await file.arrayBuffer(), isOurs)) found[stem(name)] = text;
    } else if (isOurs(file.name)) {
      found[stem(file.name)] = await file.text();
    } else if (chosen.length === 1) {
      found["pack"] = await file.text();
    }
  }
  if (Object.keys(found).length === 0) throw new NoZip("nothing of a pack");
  return found;
}
