// The sign of the directory: stones that passers-by have laid on each other.
export function CairnMark({ size = 36 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <path class="stone s5" d="M20 5.2c3.1-1.5 7.2-1 8.8 1.4 1.5 2.3.4 5-2.7 5.9-3.2 1-7.3.4-8.5-1.9-1.1-2.1.1-4.3 2.4-5.400z" />
      <path class="stone s4" d="M16.2 14.800c4.6-2 11.6-2 14.9.3 2.9 2 2.2 5.3-1.6 6.5-4.5 1.4-11.9 1.3-14.8-.9-2.5-1.9-1.4-4.7 1.5-5.900z" />
      <path class="stone s3" d="M13.4 24c5.7-2.3 16.4-2.5 20.9.1 3.7 2.2 2.9 5.6-1.8 6.7-5.9 1.4-15.9 1.3-20-.9-3.4-1.9-2.7-4.5.9-5.900z" />
      <path class="stone s1" d="M9 34.100c7.4-2.6 22.3-2.8 28.7-.2 5.5 2.3 5 7.2-1.3 8.7-7.7 1.8-20.5 1.7-26.4-.1-6-1.9-6.2-6.6-1-8.400z" />
    </svg>
  );
}

// The same on its hill, for wide pages.
export function CairnScene() {
  return (
    <svg class="scene" viewBox="0 0 360 300" aria-hidden="true" focusable="false">
      <circle class="sun" cx="246" cy="74" r="30" />
      <path class="hill far" d="M0 216c46-34 92-50 138-42 40 7 66 30 104 26 44-5 78-36 118-40v140H0z" />
      <path class="hill mid" d="M0 250c58-30 112-36 170-24 66 14 122 8 190-18v92H0z" />
      <path class="stone s6" d="M158 56c10-6 25-5 31 3 5 8 1 17-10 21-11 3-25 1-30-7-4-7 1-13 9-17z" />
      <path class="stone s5" d="M141 88c15-8 45-9 58 0 11 8 8 20-7 24-17 5-45 4-56-4-9-7-6-15 5-20z" />
      <path class="stone s4" d="M130 120c20-9 62-10 78 0 13 9 9 21-8 25-22 5-60 5-76-3-12-7-9-17 6-22z" />
      <path class="stone s3" d="M116 153c26-10 84-11 106 0 17 9 13 23-9 28-28 6-79 5-100-3-16-7-14-19 3-25z" />
      <path class="stone s2" d="M104 189c33-11 106-12 132 0 21 10 17 26-9 32-34 7-99 6-126-4-19-7-18-22 3-28z" />
      <path class="stone s1" d="M88 230c41-13 134-14 166 0 25 11 20 30-12 37-42 8-124 8-158-4-23-9-22-26 4-33z" />
      <path class="hill near" d="M0 282c70-24 128-22 186-14 62 8 118 4 174-12v44H0z" />
    </svg>
  );
}

// Each partner has a stone of its own: shape and shade follow from its id, so that it is known again.
const shapes = [
  'M6 9c5-4 15-5 20-1 5 5 4 13-2 16-6 3-15 2-19-3-3-4-3-9 1-12z',
  'M9 5c6-3 14-1 17 5 3 6 0 13-6 16-6 2-13 1-16-5-3-5-1-13 5-16z',
  'M5 13c3-6 11-9 17-7 6 3 8 10 4 15-4 6-12 7-18 4-5-2-6-7-3-12z',
  'M10 6c7-2 15 0 17 7 2 7-3 12-10 13-6 1-13-1-14-8-1-5 2-10 7-12z',
];
function hash(text: string): number {
  let value = 7;
  for (const letter of text) value = (value * 31 + letter.charCodeAt(0)) >>> 0;
  return value;
}
export function PartnerStone({ id, size = 28 }: { id: string; size?: number }) {
  const value = hash(id);
  const letters = id.replace(/^[a-z]{2}-/, '').slice(0, 1).toUpperCase();
  return (
    <svg class={`partner-stone tone${(value >> 3) % 6}`} width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d={shapes[value % shapes.length]} />
      <text x="16" y="20.5" text-anchor="middle">{letters}</text>
    </svg>
  );
}
