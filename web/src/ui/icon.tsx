// Icons as strokes on a 16 px grid, in the colour of the text around them.
const paths = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14",
  close: "m4 4 8 8m0-8-8 8",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  left: "m10 4-4 4 4 4",
  up: "m4 10 4-4 4 4",
  download: "M8 2v8m-3.5-3L8 10.5 11.5 7M3 13.5h10",
  table: "M2 3h12v10H2zM2 6.5h12M2 10h12M7 6.5V13",
  chart: "M2.5 13.5h11M4.5 11V7M8 11V3M11.5 11V5.5",
  full: "M6 2.5H2.5V6M10 2.5h3.5V6M6 13.5H2.5V10m7.5 3.5h3.5V10",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.5V11M8 5v.2",
  check: "m3 8.5 3.2 3.2L13 4.5",
  warning: "M8 2 1.8 13.5h12.4zM8 6.5v3M8 11.6v.2",
  person: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-5.5 6c.4-3 2.6-4.5 5.5-4.5s5.1 1.5 5.5 4.5",
  document: "M4 1.5h5L12.5 5v9.5h-9zM9 1.5V5h3.5",
  calendar: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v2.5M10.5 2v2.5",
  returned: "M6 3 2.5 6.5 6 10M3 6.5h6.5a4 4 0 0 1 0 7.5H7",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
