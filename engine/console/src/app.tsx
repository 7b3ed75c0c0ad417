import { useEffect } from "preact/hooks";
import { has, isWatching, who } from "./api/session.ts";
import { t } from "./i18n/index.ts";
import { query, steps } from "./lib/route.ts";
import * as later from "./pages/later.ts";
import { CountsPage } from "./pages/counts.tsx";
import { DeskPage } from "./pages/desk.tsx";
import { shiftPage } from "./pages/shift.tsx";
import { NumbersPage } from "./pages/numbers.tsx";
import { QueuePage } from "./pages/queue.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { TicketPage } from "./pages/ticket.tsx";
import { WallPage } from "./pages/wall.tsx";
import { WhistlePage } from "./pages/whistles.tsx";
import { Ringing } from "./ui/bell.tsx";
import { Help } from "./ui/help.tsx";
import { listenToKeys } from "./ui/keys.ts";
import { Later } from "./ui/later.tsx";
import { listenToMenus } from "./ui/menus.ts";
import { LostBanner } from "./ui/lost.tsx";
import { Palette } from "./ui/palette.tsx";
import { Toasts } from "./ui/toasts.tsx";
import { TopBar } from "./ui/top-bar.tsx";

/** Whoever works opens on what is theirs; whoever watches on all. */
const home = (): string => (who.value?.kind === "person" ? "mine" : "all");

function Page() {
  const [first, second] = steps.value;
  if (who.value?.kind === "wall") return <WallPage />;
  if (!has("queues")) return <p class="empty">{t("no_page")}</p>;
  switch (first) {
    case "tickets":
      return <TicketPage key={second ?? ""} id={second ?? ""} />;
    case "desk":
      return <DeskPage />;
    case "whistles":
      return <WhistlePage />;
    case "numbers":
      return <NumbersPage />;
    case "score":
      return <Later key={first} page={later.score} />;
    case "map":
      return <Later key={first} page={later.map} />;
    case "law":
      return <Later key={first} page={later.law} />;
    case "wall":
      return isWatching() ? <WallPage /> : <CountsPage />;
    case "approvals":
      return isWatching() ? <QueuePage view="approval" /> : <CountsPage />;
    default:
      return shiftPage(first) ?? (isWatching() ? <QueuePage view={first === "queues" ? (second ?? home()) : home()} /> : <CountsPage />);
  }
}

/** A wall that nobody stands at: nothing to press, and no key does anything. */
function Kiosk() {
  return (
    <div class="shell">
      <LostBanner />
      <main id="main">
        <Page />
      </main>
    </div>
  );
}

export function App() {
  const isKiosk = (steps.value[0] === "wall" && query.value.has("kiosk")) || who.value?.kind === "wall";
  useEffect(() => (isKiosk ? undefined : listenToKeys()), [isKiosk]);
  useEffect(listenToMenus, []);
  if (who.value === undefined) return <p class="loading">{t("loading")}</p>;
  if (who.value === null) return <SignIn />;
  if (isKiosk) return <Kiosk />;
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {t("skip")}
      </a>
      <TopBar />
      <LostBanner />
      <main id="main" tabIndex={-1}>
        <Page />
      </main>
      <Toasts />
      {isWatching() && <Ringing />}
      <Help />
      <Palette />
    </div>
  );
}
