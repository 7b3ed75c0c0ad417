import { pack } from "../api/session.ts";
import { named, t } from "../i18n/index.ts";

function liesIn(code: string, home: string): boolean {
  const grids = pack.value?.grids ?? [];
  let at: string | null | undefined = code;
  while (at != null && at !== home) at = grids.find((one) => one.code === at)?.parent;
  return at === home;
}

interface Props {
  needed?: boolean;
  /** Also a home as a whole, and what could not be placed not at all: where something is filed. */
  real?: boolean;
  label?: string;
}

/** The smallest grids, home by home. */
export function Grids({ needed = false, real = false, label = t("fact.place") }: Props) {
  const grids = pack.value?.grids ?? [];
  const parents = new Set(grids.map((one) => one.parent));
  const homes = (pack.value?.homes ?? []).filter((home) => !real || home.code !== pack.value?.unplaced);
  return (
    <select name="grid" aria-label={label} required={needed}>
      <option value="">{t("choose_one")}</option>
      {homes.map((home) => (
        <optgroup key={home.code} label={named(home)}>
          {real && parents.has(home.code) && <option value={home.code}>{named(home)}</option>}
          {grids
            .filter((one) => !parents.has(one.code) && liesIn(one.code, home.code))
            .map((one) => (
              <option key={one.code} value={one.code}>
                {named(one)}
              </option>
            ))}
        </optgroup>
      ))}
    </select>
  );
}
