/** The city's own login, where it is set: away with the browser, and back into a session. */
import { useState } from "preact/hooks";
import { expectBack } from "../api/session.ts";
import { t, word } from "../i18n/index.ts";
import { ROLES } from "../lib/roles.ts";

export function CityLogin() {
  const [role, setRole] = useState("");
  const to = `/v1/session/oidc${role === "" ? "" : `?role=${role}`}`;
  return (
    <section aria-label={t("city_login")}>
      <h2>{t("city_login")}</h2>
      <p class="line">
        <a class="button primary" href={to} onClick={expectBack} data-test="city-login">
          {t("city_login_go")}
        </a>
        <label>
          {t("role_if_many")}
          <select value={role} onChange={(event) => setRole(event.currentTarget.value)}>
            <option value="">{t("the_only_one")}</option>
            {ROLES.map((one) => (
              <option key={one} value={one}>
                {word("role", one)}
              </option>
            ))}
          </select>
        </label>
      </p>
    </section>
  );
}
