/** A wall's key comes behind `#`, which no browser sends anywhere; it is out of the address before anything is asked. */

/** Take the key out of the address; empty: there is none. */
export function takeKey(): string {
  const key = new URLSearchParams(location.hash.slice(1)).get("key") ?? "";
  if (key !== "") history.replaceState(null, "", location.pathname + location.search);
  return key;
}
