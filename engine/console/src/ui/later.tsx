/** A page that is loaded when it is first opened: whoever never looks at it never waits for it. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";

type Loading = () => Promise<ComponentType>;
const loaded = new Map<Loading, ComponentType>();

export function Later({ page }: { page: Loading }) {
  const [Found, setFound] = useState<ComponentType | null>(() => loaded.get(page) ?? null);
  const [isAway, setAway] = useState(false);
  useEffect(() => {
    if (Found !== null) return;
    page().then(
      (found) => {
        loaded.set(page, found);
        setFound(() => found);
      },
      () => setAway(true),
    );
  }, []);
  if (Found !== null) return <Found />;
  return <p class="empty">{isAway ? t("page_away") : t("loading")}</p>;
}
