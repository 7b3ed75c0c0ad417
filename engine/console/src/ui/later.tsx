/** Parts of the console in files of their own, fetched when they are first wanted: whoever never looks at one never waits
 * for it. A browser that failed to fetch one does not try again before the page is reloaded, so whether the gateway
 * answers is asked first, and for as long as it does not. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";

type Loading<P> = () => Promise<ComponentType<P>>;
type State = "loading" | "page_waits" | "page_away";

const loaded = new Map<unknown, unknown>();
const PAUSE = 2_000;
/** Milliseconds. */

async function answers(): Promise<boolean> {
  return fetch("/livez", { cache: "no-store" }).then((told) => told.ok, () => false);
}

/** What was fetched; until then how that stands. */
export function useLater<P>(part: Loading<P>, isWanted: boolean): { Found: ComponentType<P> | null; state: State } {
  const [Found, setFound] = useState(() => (loaded.get(part) as ComponentType<P>) ?? null);
  const [state, setState] = useState<State>("loading");
  useEffect(() => {
    if (Found !== null || !isWanted) return;
    let waiting = 0;
    let isHere = true;
    const fetchIt = async () => {
      if (!(await answers())) {
        setState("page_waits");
        if (isHere) waiting = setTimeout(fetchIt, PAUSE);
        return;
      }
      try {
        const found = await part();
        loaded.set(part, found);
        setFound(() => found);
      } catch {
        setState("page_away");
      }
    };
    void fetchIt();
    return () => {
      isHere = false;
      clearTimeout(waiting);
    };
  }, [isWanted]);
  return { Found, state };
}

/** What stands where a part will be. */
export function NotYet({ state }: { state: State }) {
  return (
    <p class="empty">
      {t(state)} {state === "page_away" && <button onClick={() => location.reload()}>{t("page_reload")}</button>}
    </p>
  );
}

export function Later({ page }: { page: Loading<object> }) {
  const { Found, state } = useLater(page, true);
  return Found === null ? <NotYet state={state} /> : <Found />;
}
