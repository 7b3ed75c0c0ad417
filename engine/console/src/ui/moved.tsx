/** Why a ticket is where it is: what last moved it, by whom, and the reason that was given. */
import type { Row } from "../api/model.ts";
import { zone } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { actorName } from "../lib/sentences.ts";
import { whole } from "../lib/time.ts";

export function movedText(moved: NonNullable<Row["moved"]>): string {
  const what = moved.command ? word("command", moved.command) : word("why", moved.reason);
  return moved.said ? t("moved_because", { what, said: moved.said }) : what;
}

export function Moved({ row }: { row: Row }) {
  if (!row.moved) return null;
  const text = movedText(row.moved);
  const by = row.moved.actor ? ` · ${actorName(row.moved.actor)}` : "";
  return (
    <span class="moved" title={`${t("last_moved")} ${whole(row.moved.at, zone())}${by} · ${text}`}>
      <bdi>{text}</bdi>
    </span>
  );
}
