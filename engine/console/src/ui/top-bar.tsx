import { has, pack, personName, signOut, who, zone } from "../api/session.ts";
import { both, lang, speak, t, word } from "../i18n/index.ts";
import { go, path, ticketAddress } from "../lib/route.ts";
import { THEMES, theme, wear, type Theme } from "../lib/theme.ts";
import { clockSeconds, day } from "../lib/time.ts";
import { lostFor } from "../live/feed.ts";
import { ticking } from "../live/clock.ts";
import { store } from "../live/store.ts";
import { Link } from "./link.tsx";
import { MoreMenu } from "./more-menu.tsx";

const PAGES = [
  ["/queues/mine", "queue"],
  ["/desk", "desk"],
  ["/approvals", "approvals"],
  ["/whistles", "whistles"],
  ["/numbers", "numbers"],
  ["/score", "score"],
  ["/map", "map"],
  ["/law", "law"],
] as const;

function isAt(to: string): boolean {
  return to === "/queues/mine" ? path.value === "/" || path.value.startsWith("/queues") : path.value.startsWith(to);
}

function Clock() {
  const now = ticking();
  const live = lostFor.value === null;
  return (
    <span class="clock" title={`${day(now, zone())} ${zone()}`}>
      <span class={live ? "dot dot-live" : "dot dot-lost"} aria-hidden="true" />
      <span class="sr">{live ? t("live") : t("not_live")}</span>
      <time>{clockSeconds(now, zone())}</time>
    </span>
  );
}

function Find() {
  const submit = (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = String(new FormData(form).get("q") ?? "").trim();
    if (text === "") return;
    const isId = store.rows.has(text) || /^[a-z0-9-]+-\d{8}-\d+$/.test(text) || /^[\w-]+:\S+$/.test(text);
    go(isId ? ticketAddress(text) : `/queues/all?q=${encodeURIComponent(text)}`);
    form.reset();
  };
  return (
    <form class="find" role="search" onSubmit={submit}>
      <input id="find" name="q" type="search" placeholder={t("find")} aria-label={t("find")} autocomplete="off" />
    </form>
  );
}

function Settings() {
  const me = who.value;
  return (
    <details class="menu">
      <summary>
        <span class="me">{personName(me?.name)}</span>
        <span class="muted">{me?.role ? word("role", me.role) : word("role", me?.kind)}</span>
      </summary>
      <div class="menu-body">
        <label>
          {t("theme")}
          <select value={theme.value} onChange={(event) => wear(event.currentTarget.value as Theme)}>
            {THEMES.map((one) => (
              <option key={one} value={one}>
                {t(`theme.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("language")}
          <select value={lang.value} onChange={(event) => speak(event.currentTarget.value as "zh" | "en")}>
            <option value="zh">中文</option>
            <option value="en">English</option>
          </select>
        </label>
        <button type="button" onClick={() => void signOut()}>
          {t("sign_out")}
        </button>
      </div>
    </details>
  );
}

export function TopBar() {
  const waiting = store.views.value["approval"] ?? 0;
  return (
    <header class="top">
      <Link to="/" class="brand">
        <b>{t("brand")}</b>
        <span>{both(pack.value ? [pack.value.title, pack.value.title_zh] : null)}</span>
      </Link>
      <nav class="pages" aria-label={t("pages")}>
        {PAGES.filter(([, name]) => has(name === "queue" ? "queues" : name)).map(([to, name]) => (
          <Link key={to} to={to} current={isAt(to)}>
            {t(`page.${name}`)}
            {name === "approvals" && waiting > 0 && <span class="badge">{waiting}</span>}
          </Link>
        ))}
      </nav>
      <MoreMenu />
      <Find />
      <Clock />
      <Settings />
    </header>
  );
}
