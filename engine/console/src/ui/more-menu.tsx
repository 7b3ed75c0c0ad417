/** Pages that a shift needs now and then: one menu, so that those of every minute stay in sight. */
import { useEffect, useRef } from "preact/hooks";
import { has } from "../api/session.ts";
import { t } from "../i18n/index.ts";
import { path } from "../lib/route.ts";
import { Link } from "./link.tsx";

const MORE = ["offers", "callbacks", "duty", "handover", "notices", "records", "webhooks"] as const;

export const morePages = (): string[] => MORE.filter(has);

export function MoreMenu() {
  const ref = useRef<HTMLDetailsElement>(null);
  const here = path.value;
  useEffect(() => {
    if (ref.current) ref.current.open = false;
  }, [here]);
  if (morePages().length === 0) return null;
  const current = morePages().find((name) => here.startsWith(`/${name}`));
  return (
    <details class="menu more" ref={ref}>
      <summary>{current === undefined ? t("more_pages") : t(`page.${current}`)}</summary>
      <nav class="menu-body" aria-label={t("more_pages")}>
        {morePages().map((name) => (
          <Link key={name} to={`/${name}`} current={current === name}>
            {t(`page.${name}`)}
          </Link>
        ))}
      </nav>
    </details>
  );
}
