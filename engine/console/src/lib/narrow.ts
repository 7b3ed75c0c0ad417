/** Whether the screen is a phone's: rows are taller there, and stand one thing under the other. */
import { signal } from "@preact/signals";

const media = matchMedia("(max-width: 860px)");
export const narrow = signal(media.matches);
media.addEventListener("change", (event) => {
  narrow.value = event.matches;
});
