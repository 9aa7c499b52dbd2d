// Curves over time as the node keeps them (/api/trends), and what is needed to draw and to tell them.
export interface TrendCurve { name: string; value?: string; values: (number | null)[] } // null: not known then
export interface Trends { startedAt: string; intervalSeconds: number; seconds: number[]; curves: TrendCurve[] }

export const curvesOf = (trends: Trends, name: string): TrendCurve[] => trends.curves.filter((one) => one.name === name);

export interface Extent { first: number; last: number; low: number; high: number }

// Null: nothing is known of it.
export function extentOf(values: (number | null)[]): Extent | null {
  const known = values.filter((one): one is number => one !== null);
  if (!known.length) return null;
  return { first: known[0] as number, last: known.at(-1) as number, low: Math.min(...known), high: Math.max(...known) };
}

// An SVG path across `width` by the time, not by the number of points; it is broken where nothing is known. A curve that
// does not change runs through the middle, and a point that stands alone is a dot.
export function pathOf(seconds: number[], values: (number | null)[], width: number, height: number, margin: number): string {
  const extent = extentOf(values);
  if (!extent) return '';
  const [start, end] = [seconds[0] ?? 0, seconds.at(-1) ?? 0];
  const x = (at: number): number => (end > start ? margin + ((at - start) / (end - start)) * (width - 2 * margin) : width - margin);
  const span = extent.high - extent.low;
  const y = (value: number): number => (span ? height - margin - ((value - extent.low) / span) * (height - 2 * margin) : height / 2);
  let path = '';
  values.forEach((value, i) => {
    if (value === null) return;
    const goesOn = i > 0 && values[i - 1] !== null;
    path += `${goesOn ? 'L' : 'M'}${x(seconds[i] ?? 0).toFixed(1)} ${y(value).toFixed(1)}${goesOn ? '' : 'h0'}`;
  });
  return path;
}

// At most `most` places of `count`, at even distances, the first and the last among them.
export function sampledIndexes(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}
