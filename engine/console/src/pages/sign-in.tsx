import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Refusal, ask } from "../api/client.ts";
import type { Seat, Who } from "../api/model.ts";
import { seats, settle } from "../api/session.ts";
import { lang, speak, t, word } from "../i18n/index.ts";
import { ROLES } from "../lib/roles.ts";
import { CityLogin } from "../ui/city-login.tsx";
import { problemText } from "../ui/toasts.tsx";

const problem = signal("");

interface Ways {
  oidc: boolean;
  seats: boolean;
}

async function enter(body: Record<string, string>): Promise<void> {
  problem.value = "";
  try {
    await settle(await ask<Who>("/v1/session", { body }));
  } catch (error) {
    problem.value = error instanceof Refusal && error.kind === "no-login" ? t("wrong_password") : problemText(error);
  }
}

function Password() {
  const submit = (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const given = (name: string) => String(form.get(name) ?? "");
    const role = given("role");
    void enter({ name: given("name"), password: given("password"), ...(role === "" ? {} : { role }) });
  };
  return (
    <form class="sign-in-form" onSubmit={submit}>
      <label>
        {t("account")}
        <input name="name" required autocomplete="username" />
      </label>
      <label>
        {t("password")}
        <input name="password" type="password" required autocomplete="current-password" />
      </label>
      <label>
        {t("role_if_many")}
        <select name="role">
          <option value="">{t("the_only_one")}</option>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {word("role", role)}
            </option>
          ))}
        </select>
      </label>
      <button class="primary">{t("sign_in")}</button>
    </form>
  );
}

function Take({ seat, n }: { seat: Seat; n?: number }) {
  return (
    <button type="button" data-seat={`${seat.role}:${seat.person}`} onClick={() => void enter({ role: seat.role, person: seat.person })}>
      {seat.name} <small class="muted">{n === undefined ? seat.person : `${word("role", seat.role)} · ${t("seat_offered", { n })}`}</small>
    </button>
  );
}

/** Where somebody is waited for: whoever looks for the first time has something to do in three clicks. */
function WaitedFor({ all }: { all: Seat[] }) {
  const found = all.filter((seat) => seat.offered > 0).sort((a, b) => b.offered - a.offered);
  if (found.length === 0) return null;
  return (
    <div class="seats" data-test="waited-for">
      <h2>{t("seats_offered")}</h2>
      <div class="row-of">
        {found.slice(0, 6).map((seat) => (
          <Take key={`${seat.role} ${seat.person}`} seat={seat} n={seat.offered} />
        ))}
      </div>
    </div>
  );
}

function SeatList({ all }: { all: Seat[] }) {
  const [words, setWords] = useState("");
  const fits = (seat: Seat) => `${seat.name} ${seat.person} ${word("role", seat.role)}`.toLowerCase().includes(words.toLowerCase());
  return (
    <section aria-label={t("seats")}>
      <p class="muted">{t("seats_open")}</p>
      <input type="search" value={words} placeholder={t("find_seat")} aria-label={t("find_seat")} onInput={(event) => setWords(event.currentTarget.value)} />
      {words === "" && <WaitedFor all={all} />}
      {ROLES.map((role) => {
        const found = all.filter((seat) => seat.role === role && fits(seat));
        if (found.length === 0) return null;
        const few = words === "" ? found.slice(0, 6) : found.slice(0, 24);
        return (
          <div class="seats" key={role}>
            <h2>{word("role", role)}</h2>
            <div class="row-of">
              {few.map((seat) => (
                <Take key={seat.person} seat={seat} />
              ))}
              {found.length > few.length && <span class="muted">{t("more", { n: found.length - few.length })}</span>}
            </div>
          </div>
        );
      })}
    </section>
  );
}

/** Who comes by name and password; where seats are open, by taking one. */
export function SignIn() {
  const [all, setAll] = useState<Seat[] | null>(null);
  const [oidc, setOidc] = useState(false);
  useEffect(() => {
    document.title = `${t("sign_in")} · ${t("brand")}`;
    ask<Ways>("/v1/session/ways").then((ways) => {
      setOidc(ways.oidc);
      if (ways.seats) seats().then((found) => setAll(found.seats), () => setAll(null));
    }, () => undefined);
  }, []);
  return (
    <main class="sign-in">
      <header>
        <h1>{t("brand")}</h1>
        <p class="muted">{t("brand_says")}</p>
        <button type="button" class="quiet" onClick={() => speak(lang.value === "zh" ? "en" : "zh")}>
          {lang.value === "zh" ? "English" : "中文"}
        </button>
      </header>
      <div role="alert">{problem.value && <p class="lost">{problem.value}</p>}</div>
      {oidc && <CityLogin />}
      {all !== null && <SeatList all={all} />}
      <section aria-label={t("by_password")}>
        <h2>{t("by_password")}</h2>
        <Password />
      </section>
    </main>
  );
}
