/** For whoever runs the machines and sees no ticket: how many stand in each queue, and that this is all there is. */
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import { homeName, departmentName, tierName } from "../api/session.ts";
import { has, t, word } from "../i18n/index.ts";
import { problemText } from "../ui/toasts.tsx";

const EACH_MS = 15_000;

const NAMES: Record<string, (code: string) => string> = { grid: homeName, tier: tierName, dept: departmentName, approval: (one) => word("role", one), street: (one) => one };

function label(name: string): string {
  const [kind = "", code = ""] = name.split(":", 2);
  const said = code === "" ? "" : (NAMES[kind]?.(code) ?? "");
  const list = t(`counts.${kind}`);
  return said ? `${list} · ${said}` : has(`counts.${kind}`) ? list : name;
}

export function CountsPage() {
  const [counts, setCounts] = useState<Record<string, number>>({});
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const look = () =>
      ask<{ queues: Record<string, number> }>("/v1/queues").then(
        (found) => {
          setCounts(found.queues);
          setProblem("");
        },
        (error: unknown) => setProblem(problemText(error)),
      );
    void look();
    const timer = setInterval(() => void look(), EACH_MS);
    return () => clearInterval(timer);
  }, []);
  const names = Object.keys(counts).filter((name) => name !== "mine").sort();
  return (
    <section class="page" aria-label={t("page.queue")}>
      <h1>{t("counts.title")}</h1>
      <p class="muted">{problem || t("counts.says")}</p>
      <table>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{label(name)}</th>
              <td>{counts[name]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
