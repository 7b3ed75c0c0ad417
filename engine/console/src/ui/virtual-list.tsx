import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  count: number;
  rowHeight: number;
  label: string;
  /** The row that must be in sight. */
  current: number;
  /** Draws a row where it is told; its key is its own. */
  row: (index: number, top: number) => ComponentChildren;
  /** Where it was scrolled to when it was last left. */
  place: { top: number };
}

/** Rows beyond the edge that are drawn as well, so that a fast scroll meets no hole. */
const BEYOND = 6;

function useSize(ref: { current: HTMLElement | null }): number {
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const watch = new ResizeObserver((entries) => setHeight(entries[0]?.contentRect.height ?? 600));
    if (ref.current) watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return height;
}

/** A window of rows of one height over any number of them: what is out of sight is not drawn. */
export function VirtualList({ count, rowHeight, label, current, row, place }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(place.top);
  const height = useSize(ref);
  useLayoutEffect(() => {
    if (ref.current) ref.current.scrollTop = place.top;
  }, []);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || current < 0) return;
    const at = current * rowHeight;
    if (at < box.scrollTop) box.scrollTop = at;
    else if (at + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = at + rowHeight - box.clientHeight;
  }, [current, rowHeight]);
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + BEYOND);
  const rows = [];
  for (let index = first; index < last; index++) rows.push(row(index, index * rowHeight));
  const scrolled = () => {
    place.top = ref.current?.scrollTop ?? 0;
    setTop(place.top);
  };
  return (
    <div class="list" ref={ref} onScroll={scrolled} tabIndex={0} role="region" aria-label={label}>
      <div class="list-all" role="list" style={{ height: `${count * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}
