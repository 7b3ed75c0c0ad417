import type { ComponentChildren } from "preact";
import { go } from "../lib/route.ts";

interface Props {
  to: string;
  class?: string;
  title?: string;
  current?: boolean;
  tabIndex?: number;
  children: ComponentChildren;
}

/** A link within the console: a real one, so that it opens in a new tab, is copied and read aloud as one. */
export function Link({ to, current, children, ...rest }: Props) {
  const click = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={to} onClick={click} {...(current ? { "aria-current": "page" as const } : {})} {...rest}>
      {children}
    </a>
  );
}
