/** Menus that stand open over a page: shut by Escape, by a click elsewhere, and by a link that was followed in them. */

const open = (): HTMLDetailsElement | null => document.querySelector<HTMLDetailsElement>("details.menu[open]");

/** Shut the menu that stands open and stand where it was opened; `false`: there is none. */
export function shutMenu(): boolean {
  const menu = open();
  if (menu === null) return false;
  menu.open = false;
  menu.querySelector("summary")?.focus();
  return true;
}

function clicked(event: MouseEvent): void {
  const target = event.target as Element | null;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!menu.contains(target) || target?.closest(".menu-body a") != null) menu.open = false;
  }
}

export function listenToMenus(): () => void {
  document.addEventListener("click", clicked);
  return () => document.removeEventListener("click", clicked);
}
