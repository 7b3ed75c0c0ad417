/** A form's words as the fields of a command. Pure. */
import { instantOf } from "./time.ts";

type Value = string | number | boolean | string[];

function read(field: string, given: string[], zone: string): Value | undefined {
  const text = (given[0] ?? "").trim();
  switch (field) {
    case "proof":
      return given.flatMap((one) => one.split(/\s*\n\s*/)).map((one) => one.trim()).filter((one) => one !== "");
    case "departments":
      return given.filter((one) => one !== "");
    case "passed":
    case "satisfied":
      return text === "" ? undefined : text === "yes";
    case "until":
      return text === "" ? undefined : instantOf(text, zone);
    case "score":
      return text === "" ? undefined : Number(text);
    default:
      return text === "" ? undefined : text;
  }
}

/** Only what the command reads, and nothing that was left empty. */
export function bodyOf(kind: string, fields: readonly string[], form: FormData, zone: string): Record<string, Value> {
  const body: Record<string, Value> = { kind };
  for (const field of fields) {
    const given = field === "proof" ? [...form.getAll("photo"), ...form.getAll(field)] : form.getAll(field);
    const value = read(field, given.map(String), zone);
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) body[field] = value;
  }
  return body;
}
