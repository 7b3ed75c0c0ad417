/** Where the browser is: the address is the whole state of a view, and Back is what it says. */
import { computed, signal } from "@preact/signals";

const here = signal(location.pathname + location.search);

export const path = computed(() => here.value.split("?")[0] ?? "/");
export const query = computed(() => new URLSearchParams(here.value.split("?")[1] ?? ""));
export const steps = computed(() => path.value.split("/").filter((step) => step !== "").map(decodeURIComponent));

addEventListener("popstate", () => {
  here.value = location.pathname + location.search;
});

export function go(to: string, replace = false): void {
  if (to === here.value) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  here.value = to;
}

export const ticketAddress = (id: string): string => `/tickets/${encodeURIComponent(id)}`;
