/** What a page asks the gateway for once, and again when it is told to; the newest answer counts. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { problemText } from "./toasts.tsx";

export interface Loaded<T> {
  found: T | null;
  problem: string;
  again: () => Promise<void>;
}

export function useLoaded<T>(path: string | null): Loaded<T> {
  const [state, setState] = useState<{ found: T | null; problem: string }>({ found: null, problem: "" });
  const turn = useRef(0);
  const again = async () => {
    if (path === null) return;
    const mine = ++turn.current;
    try {
      const found = await ask<T>(path);
      if (mine === turn.current) setState({ found, problem: "" });
    } catch (error) {
      if (mine === turn.current) setState((before) => ({ ...before, problem: problemText(error) }));
    }
  };
  useEffect(() => {
    setState({ found: null, problem: "" });
    void again();
  }, [path]);
  return { ...state, again };
}

/** The page's name in the browser's own bar. */
export function useTitle(name: string): void {
  useEffect(() => {
    document.title = `${t(`page.${name}`)} · ${t("brand")}`;
  });
}
