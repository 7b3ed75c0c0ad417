import type { JSX } from "preact";
import { departmentName, pack, personName, zone } from "../api/session.ts";
import { named, t, word } from "../i18n/index.ts";
import { DAY, inputOf } from "../lib/time.ts";
import { engineNow } from "../live/clock.ts";
import { ProofField } from "./photos.tsx";

const CASES = ["street_cannot", "joint_enforcement", "emergency"];

interface Props {
  /** The ticket it is about; of many at once there is none. */
  ticket?: string;
  kind: string;
  field: string;
  isNeeded: boolean;
}

function Select({ name, needed, options }: { name: string; needed: boolean; options: [string, string][] }) {
  return (
    <select name={name} required={needed} aria-label={word("field", name)}>
      <option value="">{needed ? t("choose_one") : t("leave_open")}</option>
      {options.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

function YesNo({ name, needed }: { name: string; needed: boolean }) {
  return (
    <span class="row-of">
      {["yes", "no"].map((value) => (
        <label key={value} class="choice">
          <input type="radio" name={name} value={value} required={needed} />
          {t(`${name}.${value}`)}
        </label>
      ))}
    </span>
  );
}

function Departments() {
  return (
    <span class="many">
      {pack.value?.departments.map((one) => (
        <label key={one.code} class="choice">
          <input type="checkbox" name="departments" value={one.code} />
          {departmentName(one.code)}
        </label>
      ))}
    </span>
  );
}

function Target({ kind, needed }: { kind: string; needed: boolean }) {
  if (kind === "escalate") {
    const steps = [...new Map(Object.values(pack.value?.ladders ?? {}).flat().map((one) => [one.code, named(one)]))];
    return <Select name="target" needed={needed} options={steps} />;
  }
  if (kind === "duplicate_of") return <input name="target" required={needed} aria-label={word("field", "ticket")} autocomplete="off" />;
  if (kind === "appraise") {
    return <Select name="target" needed={needed} options={pack.value?.departments.map((one) => [one.code, named(one)]) ?? []} />;
  }
  return (
    <>
      <input name="target" list="people" required={needed} aria-label={word("field", "person")} autocomplete="off" />
      <datalist id="people">
        {Object.keys(pack.value?.people ?? {}).map((id) => (
          <option key={id} value={id}>
            {personName(id)}
          </option>
        ))}
      </datalist>
    </>
  );
}

function control({ ticket, kind, field, isNeeded }: Props): JSX.Element {
  switch (field) {
    case "reason":
    case "text":
      return <textarea name={field} rows={2} maxLength={4000} required={isNeeded} aria-label={word("field", field)} />;
    case "proof":
      if (ticket !== undefined) return <ProofField ticket={ticket} isNeeded={isNeeded} label={word("field", field)} />;
      return <textarea name="proof" rows={2} required={isNeeded} aria-label={word("field", field)} placeholder={t("proof_other")} />;
    case "category":
      return <Select name={field} needed={isNeeded} options={pack.value?.categories.map((one) => [one.code, named(one)]) ?? []} />;
    case "home":
      return <Select name={field} needed={isNeeded} options={pack.value?.homes.map((one) => [one.code, named(one)]) ?? []} />;
    case "party":
      return <Select name={field} needed={isNeeded} options={pack.value?.parties.map((one) => [one.code, named(one)]) ?? []} />;
    case "case":
      return <Select name={field} needed={isNeeded} options={CASES.map((one) => [one, word("case", one)])} />;
    case "score":
      return <Select name={field} needed={isNeeded} options={["5", "4", "3", "2", "1"].map((one) => [one, one])} />;
    case "passed":
    case "satisfied":
      return <YesNo name={field} needed={isNeeded} />;
    case "departments":
      return <Departments />;
    case "until":
      return (
        <input
          type="datetime-local"
          name={field}
          required={isNeeded}
          aria-label={word("field", field)}
          defaultValue={inputOf(engineNow() + DAY, zone())}
        />
      );
    case "target":
      return <Target kind={kind} needed={isNeeded} />;
    default:
      return <input name={field} required={isNeeded} aria-label={word("field", field)} autocomplete="off" />;
  }
}

/** One field of a command, as what it is. */
export function Field(props: Props) {
  const name = props.field === "target" ? targetName(props.kind) : props.field;
  return (
    <div class="field">
      <span class="field-name">
        {word("field", name)}
        {props.isNeeded ? "" : ` ${t("optional")}`}
      </span>
      {control(props)}
    </div>
  );
}

function targetName(kind: string): string {
  return kind === "duplicate_of" ? "ticket" : kind === "escalate" ? "tier" : kind === "appraise" ? "department" : "person";
}
