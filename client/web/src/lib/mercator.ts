// The map's arithmetic: web Mercator in units of the world's width, and clusters of points that are too near to be told apart.
export interface Point { x: number; y: number }
export interface View { x: number; y: number; zoom: number } // the centre, and pixels per world width as 256 * 2^zoom

const latitude_max = 85;

export function project(latitude: number, longitude: number): Point {
  const clipped = Math.max(-latitude_max, Math.min(latitude_max, latitude));
  const sine = Math.sin((clipped * Math.PI) / 180);
  return { x: (longitude + 180) / 360, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

export function unproject({ x, y }: Point): { latitude: number; longitude: number } {
  const n = Math.PI * (1 - 2 * y);
  return { latitude: (180 / Math.PI) * Math.atan(Math.sinh(n)), longitude: x * 360 - 180 };
}

export const scaleOf = (view: View): number => 256 * 2 ** view.zoom;

export const toScreen = (point: Point, view: View, width: number, height: number): Point => ({
  x: (point.x - view.x) * scaleOf(view) + width / 2,
  y: (point.y - view.y) * scaleOf(view) + height / 2,
});

export const zoom_min = 0;
export const zoom_max = 13;

// How a view stands in the address: latitude, longitude, zoom ("52.2297,21.0122,7.5").
export function viewText(view: View): string {
  const { latitude, longitude } = unproject(view);
  return [latitude.toFixed(4), longitude.toFixed(4), String(Math.round(view.zoom * 100) / 100)].join(',');
}

// Null for anything that is not one on this map: addresses are typed and mangled by hand.
export function viewOf(text: string | null): View | null {
  if (!/^-?\d{1,2}(\.\d{1,9})?,-?\d{1,3}(\.\d{1,9})?,\d{1,2}(\.\d{1,9})?$/.test(text ?? '')) return null;
  const [latitude = 0, longitude = 0, zoom = 0] = (text ?? '').split(',').map(Number);
  if (Math.abs(latitude) > latitude_max || Math.abs(longitude) > 180 || zoom < zoom_min || zoom > zoom_max) return null;
  return { ...project(latitude, longitude), zoom };
}

// The view that shows all points, with a margin for their signs.
export function fit(points: Point[], width: number, height: number): View {
  if (!points.length) return { x: 0.55, y: 0.36, zoom: 1.5 };
  const xs = points.map((one) => one.x);
  const ys = points.map((one) => one.y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const margin = 150; // signs, and the buttons above them
  const zoomFor = (span: number, pixels: number): number => Math.log2(Math.max(pixels - margin, 64) / (256 * Math.max(span, 1e-9)));
  const zoom = Math.min(zoomFor(right - left, width), zoomFor(bottom - top, height), 9);
  return { x: (left + right) / 2, y: (top + bottom) / 2, zoom: Math.max(zoom_min, zoom) };
}

export interface Cluster<T> { x: number; y: number; members: T[]; points: Point[] }

// Points in the view, those within one cell of the screen together, at their common centre.
export function clusters<T>(items: { at: Point; item: T }[], view: View, width: number, height: number, cell = 56): Cluster<T>[] {
  const byCell = new Map<string, Cluster<T>>();
  const scale = scaleOf(view);
  for (const { at, item } of items) {
    const screen = toScreen(at, view, width, height);
    if (screen.x < -20 || screen.y < -20 || screen.x > width + 20 || screen.y > height + 20) continue;
    // Cells are fixed on the world, so that clusters do not change while the map is moved.
    const key = Math.floor((at.x * scale) / cell) + ':' + Math.floor((at.y * scale) / cell);
    const cluster = byCell.get(key) ?? { x: 0, y: 0, members: [], points: [] };
    cluster.members.push(item);
    cluster.points.push(at);
    byCell.set(key, cluster);
  }
  const centred = [...byCell.values()].map((one) => ({ ...one, ...toScreen(middleOf(one.points), view, width, height) }));
  return joined(centred, (points) => toScreen(middleOf(points), view, width, height), cell * 0.8);
}

const middleOf = (points: Point[]): Point => ({
  x: points.reduce((sum, point) => sum + point.x, 0) / points.length,
  y: points.reduce((sum, point) => sum + point.y, 0) / points.length,
});

// Clusters on two sides of a cell's edge may be near each other: the smaller one joins the larger.
function joined<T>(all: Cluster<T>[], place: (points: Point[]) => Point, nearest: number): Cluster<T>[] {
  const kept: Cluster<T>[] = [];
  for (const one of all.sort((a, b) => b.members.length - a.members.length)) {
    const near = kept.find((other) => Math.hypot(other.x - one.x, other.y - one.y) < nearest);
    if (!near) {
      kept.push(one);
      continue;
    }
    near.members.push(...one.members);
    near.points.push(...one.points);
    Object.assign(near, place(near.points));
  }
  return kept;
}
