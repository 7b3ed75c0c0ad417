import { t, units } from "../i18n/index.ts";
import { lostFor } from "../live/feed.ts";
import { length } from "../lib/time.ts";
import { Icon } from "./icon.tsx";

/** What is shown is from a while ago: said within five seconds, and gone by itself. */
export function LostBanner() {
  const age = lostFor.value;
  return (
    <div aria-live="assertive">
      {age !== null && (
        <p class="lost" data-test="lost">
          <Icon name="warn" />
          {t("lost", { age: length(age * 1000, units()) })}
        </p>
      )}
    </div>
  );
}
