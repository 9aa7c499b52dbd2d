// Line drawings, 24 x 24. They only repeat what a text beside them says.
const paths = {
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zm4.8 11.300L20 20',
  pin: 'M12 21s7-6.2 7-11.500A7 7 0 0 0 5 9.500C5 14.8 12 21 12 21zm0-9a2.5 2.5 0 1 1 0-5 2.5 2.5 0 0 1 0 5z',
  clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zm0 3.500V12l3 2',
  phone: 'M6 4h3.500l1.5 4.5-2 1.500a11 11 0 0 0 5 5l1.5-2 4.5 1.500V18a2 2 0 0 1-2.2 2A15.5 15.5 0 0 1 4 6.2 2 2 0 0 1 6 4z',
  mail: 'M4 6h16v12H4zm0 1 8 6 8-6',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.700l-1 1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.700l1-1',
  calendar: 'M5 6h14v14H5zM5 10h14M9 3.500V7m6-3.500V7',
  print: 'M7 9V4h10v5M7 17H5v-7h14v7h-2M8 14h8v6H8z',
  exit: 'M10 5H5v14h5M14 8l4 4-4 4m4-4H9',
  check: 'M5 12.500l4.5 4.500L19 7.5',
  alert: 'M12 4 21 19.500H3zM12 10v4.500m0 2.200v.3',
  speech: 'M4 5h16v11h-8l-4.5 4v-4H4z',
  filter: 'M4 6h16M7 12h10m-7 6h4',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  whole: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  left: 'M14.5 5.5 8 12l6.5 6.5',
  right: 'M9.5 5.5 16 12l-6.5 6.5',
  close: 'M6 6l12 12M18 6 6 18',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-6 9c0-4 2.5-6 6-6s6 2 6 6m1-16.500a3.5 3.5 0 0 1 0 6.800M17.5 14.500c2.3.7 3.5 2.6 3.5 5.5',
  book: 'M5 5c3-1 5-.5 7 1 2-1.5 4-2 7-1v13c-3-1-5-.5-7 1-2-1.5-4-2-7-1zM12 6v13',
  house: 'M4 11.5 12 5l8 6.500M6.5 10v9h11v-9M10.5 19v-5h3v5',
  hand: 'M4 13c2-1 4-1 6 .5h4c1.5 0 1.5 2.5 0 2.500h-3M4 19c3-.5 5 1 8 1 3.5 0 6-2 8.5-5-1-1.5-2.5-1-4 .3M12 10.500C9.5 8.8 8 7.4 8 5.8 8 4 10.5 3.5 12 5.500c1.5-2 4-1.5 4 .3 0 1.6-1.5 3-4 4.700z',
  flag: 'M6 21V4h11l-2 4 2 4H6',
  chart: 'M5 19V10m5 9V5m5 14v-7m5 7V8',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export const kindIcons: Record<string, IconName> = {
  ORGANIZATION: 'people', SERVICE: 'hand', LOCATION: 'house', TRAINING: 'calendar', RESOURCE: 'book', ASSESSMENT: 'chart',
  COMMITMENT: 'flag',
};
