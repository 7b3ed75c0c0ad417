import { signal } from "@preact/signals";
import { who } from "../api/session.ts";
import { t } from "../i18n/index.ts";
import { queryOf, type Filter } from "../lib/facets.ts";
import { keep, keptText } from "../lib/kept.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { SharedViews, share } from "./shared-views.tsx";

interface Saved {
  name: string;
  address: string;
}

function read(): Saved[] {
  try {
    const found: unknown = JSON.parse(keptText("views") ?? "[]");
    return Array.isArray(found) ? (found as Saved[]).filter((one) => one.address?.startsWith("/queues/")) : [];
  } catch {
    return [];
  }
}

const saved = signal<Saved[]>(read());

function write(next: Saved[]): void {
  saved.value = next;
  keep("views", JSON.stringify(next));
}

/** One's own views; each is an address, so that it can be sent to somebody as well. */
export function SavedViews({ filter }: { filter: Filter }) {
  const address = `/queues/${filter.view}${queryOf(filter)}`;
  const add = (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get("name") ?? "").trim().slice(0, 40);
    const isForAll = (event as SubmitEvent).submitter?.getAttribute("name") === "all";
    if (name !== "" && isForAll) void share(name, address);
    else if (name !== "") write([...saved.value.filter((one) => one.name !== name), { name, address }]);
    form.reset();
  };
  return (
    <details class="menu saved">
      <summary>{t("saved_views")}</summary>
      <div class="menu-body">
        {saved.value.map((one) => (
          <span class="saved-one" key={one.name}>
            <Link to={one.address}>{one.name}</Link>
            <button type="button" class="quiet" aria-label={`${t("delete")} ${one.name}`} onClick={() => write(saved.value.filter((x) => x !== one))}>
              <Icon name="cross" />
            </button>
          </span>
        ))}
        <SharedViews />
        <form onSubmit={add} class="row-of">
          <input name="name" placeholder={t("view_name")} aria-label={t("view_name")} maxLength={40} />
          <button>{t("save")}</button>
          {who.value?.kind === "person" && <button name="all">{t("save_for_all")}</button>}
        </form>
        <button type="button" onClick={() => void navigator.clipboard?.writeText(location.origin + address)}>
          {t("copy_address")}
        </button>
      </div>
    </details>
  );
}
