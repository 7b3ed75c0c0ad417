/** Pages that a shift needs now and then: one menu, so that those of every minute stay in sight. */
import { useEffect, useRef } from "preact/hooks";
import { who } from "../api/session.ts";
import { t } from "../i18n/index.ts";
import { path } from "../lib/route.ts";
import { Link } from "./link.tsx";

const DEALS = ["desk", "chief", "centre"];

/** Page -> who has it; no list: everybody. */
const MORE: readonly { name: string; roles?: readonly string[] }[] = [
  { name: "offers" },
  { name: "callbacks", roles: DEALS },
  { name: "duty" },
  { name: "handover" },
  { name: "notices" },
  { name: "records", roles: DEALS },
  { name: "webhooks", roles: ["department", "auditor"] },
];

export function morePages(): string[] {
  const role = who.value?.role ?? who.value?.kind ?? "";
  return MORE.flatMap(({ name, roles }) => (roles === undefined || roles.includes(role) ? [name] : []));
}

export function MoreMenu() {
  const ref = useRef<HTMLDetailsElement>(null);
  const here = path.value;
  useEffect(() => {
    if (ref.current) ref.current.open = false;
  }, [here]);
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
