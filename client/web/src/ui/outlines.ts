// Country outlines (Natural Earth, in the public domain), drawn on a canvas: no tiles, no outside service.
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import countriesUrl from 'cairn:outlines';
import { project, scaleOf, type View } from '../lib/mercator';

type Ring = Float64Array; // x, y, x, y, ... in world widths

export interface Outlines { land: Ring[]; borders: Ring[] }

// A line across the 180th meridian goes on beyond the world's edge, so that it does not run back across the whole map.
function unrolled(positions: number[][]): number[] {
  const line: number[] = [];
  let offset = 0;
  let last = 0;
  for (const [longitude = 0, latitude = 0] of positions) {
    const { x, y } = project(latitude, longitude);
    if (line.length && Math.abs(x - last) > 0.5) offset += x < last ? 1 : -1;
    last = x;
    line.push(x + offset, y);
  }
  return line;
}

// The ring, and what of it lies beyond an edge once more at the other one.
function ringsOf(positions: number[][]): Ring[] {
  const line = unrolled(positions);
  const xs = line.filter((_, i) => i % 2 === 0);
  const [first = 0, last = 0] = [xs[0], xs.at(-1)];
  if (Math.abs(last - first) > 0.5) line.push(last, 1, first, 1); // around the pole: closed along the edge
  const shift = Math.max(...xs) > 1 ? -1 : Math.min(...xs) < 0 ? 1 : 0;
  const ring = Float64Array.from(line);
  return shift ? [ring, ring.map((value, i) => (i % 2 === 0 ? value + shift : value))] : [ring];
}

let loaded: Promise<Outlines> | undefined;
export function loadOutlines(): Promise<Outlines> {
  loaded ??= fetch(countriesUrl, { credentials: 'omit' })
    .then((response) => response.json() as Promise<Topology<{ countries: GeometryCollection }>>)
    .then((topology) => {
      const { countries } = topology.objects;
      const land = feature(topology, countries).features.flatMap(({ geometry }) => {
        if (geometry.type === 'Polygon') return geometry.coordinates.flatMap(ringsOf);
        return geometry.type === 'MultiPolygon' ? geometry.coordinates.flat().flatMap(ringsOf) : [];
      });
      const borders = mesh(topology, countries, (a, b) => a !== b).coordinates.map((line) => Float64Array.from(unrolled(line)));
      return { land, borders };
    });
  return loaded;
}

function trace(context: CanvasRenderingContext2D, ring: Ring, view: View, width: number, height: number): void {
  const scale = scaleOf(view);
  for (let i = 0; i < ring.length; i += 2) {
    const x = ((ring[i] ?? 0) - view.x) * scale + width / 2;
    const y = ((ring[i + 1] ?? 0) - view.y) * scale + height / 2;
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
}

// Draws the part of the world in view, in the colours that the style sheet gives the canvas.
export function drawOutlines(canvas: HTMLCanvasElement, outlines: Outlines, view: View): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  context.beginPath();
  for (const ring of outlines.land) trace(context, ring, view, width, height);
  context.fillStyle = colour('--map-land');
  context.fill('evenodd');
  context.lineJoin = 'round';
  context.lineWidth = 1;
  context.strokeStyle = colour('--map-coast');
  context.stroke();
  context.beginPath();
  for (const ring of outlines.borders) trace(context, ring, view, width, height);
  context.strokeStyle = colour('--map-border');
  context.stroke();
}
