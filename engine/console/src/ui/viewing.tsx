/** Who else has this ticket open: said again every twenty seconds while the page is looked at, never faster. */
import { useEffect, useState } from "preact/hooks";
import { ask, ticketPath } from "../api/client.ts";
import { personName, who } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";

interface Other {
  role: string;
  person: string;
}

const SOONEST_MS = 15_000;

export function Viewing({ id }: { id: string }) {
  const [others, setOthers] = useState<Other[]>([]);
  useEffect(() => {
    if (who.value?.kind !== "person") return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const path = `${ticketPath(id)}/viewing`;
    const look = async () => {
      let again = SOONEST_MS;
      try {
        if (!document.hidden) {
          const found = await ask<{ others: Other[]; again: number }>(path, { method: "POST" });
          again = Math.max(again, found.again * 1000);
          if (!isOver) setOthers(found.others);
        }
      } catch {
        if (!isOver) setOthers([]);
      }
      if (!isOver) timer = setTimeout(() => void look(), again);
    };
    const leave = () => void fetch(path, { method: "DELETE", keepalive: true }).catch(() => undefined);
    void look();
    addEventListener("pagehide", leave);
    return () => {
      isOver = true;
      clearTimeout(timer);
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [id]);
  return (
    <span class="viewing" role="status" aria-live="polite" data-test="viewing">
      {others.length > 0 && t("viewing", { who: others.map((one) => `${word("role", one.role)} ${personName(one.person)}`).join(t("comma")) })}
    </span>
  );
}
