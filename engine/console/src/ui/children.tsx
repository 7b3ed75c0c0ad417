import type { ChildRow, TicketTold } from "../api/model.ts";
import { departmentName, personName, zone } from "../api/session.ts";
import { t, units, word } from "../i18n/index.ts";
import { length, moment } from "../lib/time.ts";
import { Icon } from "./icon.tsx";
import { ticking } from "../live/clock.ts";

function Due({ child, now }: { child: ChildRow; now: number }) {
  if (child.ended_at != null) return <span>{t("ended_at", { at: moment(child.ended_at, now, zone()) })}</span>;
  if (child.deadline_at == null) return <span>{t("band.none")}</span>;
  const late = child.deadline_at <= now;
  return (
    <span class={late ? "limit-late" : "limit-today"}>
      <Icon name={late ? "late" : "today"} />{" "}
      {late ? t("late_by", { for: length(now - child.deadline_at, units()) }) : t("left", { for: length(child.deadline_at - now, units()) })}
    </span>
  );
}

/** A department that was called: whether it has reported in, who of it, by when it must have finished. */
export function ChildLine({ child }: { child: ChildRow }) {
  const now = ticking();
  return (
    <tr>
      <th scope="row">{departmentName(child.code)}</th>
      <td>{word("child_role", child.role)}</td>
      <td>
        <span class={`status child-${child.status}`}>{word("child", child.status)}</span>
      </td>
      <td>{child.reported_in_at == null ? t("not_in_yet") : moment(child.reported_in_at, now, zone())}</td>
      <td>{personName(child.person)}</td>
      <td>
        <Due child={child} now={now} />
      </td>
    </tr>
  );
}

export function ChildrenHead() {
  return (
    <thead>
      <tr>
        {["department", "part", "state", "reported_in", "person", "limit"].map((name) => (
          <th key={name} scope="col">
            {t(`col.${name}`)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

export function ChildrenTable({ told }: { told: TicketTold }) {
  return (
    <div class="scroll">
      <table>
        <ChildrenHead />
        <tbody>
          {(told.children as unknown as ChildRow[]).map((child) => (
            <ChildLine key={`${child.code}/${child.n}`} child={child} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
