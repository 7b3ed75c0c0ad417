/** Marks as shapes: no font has to have them, and each has a form of its own beside its colour. */
const PATHS = {
  late: "M8 2 15 14H1z",
  soon: "M8 1.5 14.5 8 8 14.5 1.5 8z",
  today: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z",
  later: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3zm0 1.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4z",
  none: "M4 3h3v10H4zM9 3h3v10H9z",
  arrow: "M2 7.1h8.2L7.4 4.3l1.2-1.2L13.5 8l-4.9 4.9-1.2-1.2 2.8-2.8H2z",
  back: "M14 7.1H5.8l2.8-2.8-1.2-1.2L2.5 8l4.9 4.9 1.2-1.2-2.8-2.8H14z",
  up: "M7.1 14V5.8L4.3 8.6 3.1 7.4 8 2.5l4.9 4.9-1.2 1.2-2.8-2.8V14z",
  down: "M7.1 2v8.2L4.3 7.4 3.1 8.6 8 13.5l4.9-4.9-1.2-1.2-2.8 2.8V2z",
  open: "M3 5.5 8 11l5-5.5z",
  warn: "M8 1.5 15.3 14.5H.7zM7.2 6v4h1.6V6zm0 5.2v1.6h1.6v-1.6z",
  check: "M6.4 12.6 2 8.2l1.3-1.3 3.1 3.1 6.3-6.3L14 5z",
  cross: "M3.3 2 8 6.7 12.7 2 14 3.3 9.3 8l4.7 4.7-1.3 1.3L8 9.3 3.3 14 2 12.7 6.7 8 2 3.3z",
  proof: "M2 3h12v10H2zm1.6 8.4h8.8L9.6 7.2l-2 2.6-1.4-1.6z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} fill="currentColor" fill-rule="evenodd" />
    </svg>
  );
}
