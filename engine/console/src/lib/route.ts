/** Where the browser is: the address is the whole state of a view, and Back is what it says. */
import { computed, signal } from "@preact/signals";

const here = signal(location.pathname + location.search);

export const path = computed(() => here.value.split("?")[0] ?? "/");
export const query = computed(() => new URLSearchParams(here.value.split("?")[1] ?? ""));
export const steps = computed(() => path.value.split("/").filter((step) => step !== "").map(decodeURIComponent));

/** The browser goes back in its own time: where somebody wants to go meanwhile waits for it, else going back would undo it. */
let isGoingBack = false;
let afterBack: [to: string, replace: boolean] | null = null;

addEventListener("popstate", () => {
  here.value = location.pathname + location.search;
  isGoingBack = false;
  const next = afterBack;
  afterBack = null;
  if (next !== null) go(...next);
});

export function go(to: string, replace = false): void {
  if (isGoingBack) {
    afterBack = [to, replace];
    return;
  }
  if (to === here.value) return;
  const isInside = !replace || isFromInside();
  history[replace ? "replaceState" : "pushState"]({ isInside }, "", to);
  here.value = to;
}

const isFromInside = (): boolean => (history.state as { isInside?: boolean } | null)?.isInside === true;

/** Where one came from within the console; whoever came by a link from outside stays in it. */
export function back(otherwise: string): void {
  if (!isFromInside()) return go(otherwise, true);
  isGoingBack = true;
  history.back();
}

export const ticketAddress = (id: string): string => `/tickets/${encodeURIComponent(id)}`;
