/** Views made for everybody: who made each, and a word to make one of what is shown. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api/client.ts";
import { personName, who } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { tell, tellProblem } from "./toasts.tsx";

export interface Shared {
  id: string;
  name: string;
  address: string;
  by: string;
  role: string;
  at: number;
}

export const shared = signal<Shared[]>([]);

export async function readShared(): Promise<void> {
  try {
    shared.value = (await ask<{ views: Shared[] }>("/v1/views")).views;
  } catch {
    return; // one's own are there all the same
  }
}

export async function share(name: string, address: string): Promise<void> {
  try {
    await ask("/v1/views", { body: { name, address } });
    tell(t("view_shared", { name }));
  } catch (error) {
    tellProblem(error);
  }
  await readShared();
}

async function drop(one: Shared): Promise<void> {
  await ask(`/v1/views/${one.id}`, { method: "DELETE" }).catch(tellProblem);
  await readShared();
}

export function SharedViews() {
  useEffect(() => void readShared(), []);
  const me = who.value;
  return (
    <>
      <h3>{t("views_shared")}</h3>
      {shared.value.length === 0 && <p class="muted">{t("views_shared.none")}</p>}
      {shared.value.map((one) => (
        <span class="saved-one" key={one.id} data-test="shared-view">
          <Link to={one.address}>{one.name}</Link>
          <small class="muted">
            {word("role", one.role)} {personName(one.by)}
          </small>
          {(one.by === me?.name || me?.role === "centre") && (
            <button type="button" class="quiet" aria-label={`${t("delete")} ${one.name}`} onClick={() => void drop(one)}>
              <Icon name="cross" />
            </button>
          )}
        </span>
      ))}
    </>
  );
}
