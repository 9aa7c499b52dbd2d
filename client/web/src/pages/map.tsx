// The results on a map: outlines on a canvas, clusters as buttons above it, and the places in view as a list beside it.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocale } from '../i18n';
import { get, type PlacePoint, type Places } from '../lib/api';
import { clusters, fit, project, unproject, viewOf, viewText, zoom_max, zoom_min, type Point, type View } from '../lib/mercator';
import { address, here, navigate, withValues } from '../lib/router';
import { changed, searchParameters, type SearchState } from '../lib/search_state';
import { useLoaded } from '../lib/use';
import { Icon } from '../ui/icons';
import { drawOutlines, loadOutlines, type Outlines } from '../ui/outlines';
import { Failure, KindLabel, Loading } from '../ui/parts';

export interface MapProps { state: SearchState; query: URLSearchParams }
interface Size { width: number; height: number }
interface Located { at: Point; item: PlacePoint }

const clampZoom = (zoom: number): number => Math.max(zoom_min, Math.min(zoom_max, zoom));
const clampView = (view: View): View => ({
  x: Math.max(0, Math.min(1, view.x)), y: Math.max(0.02, Math.min(0.98, view.y)), zoom: clampZoom(view.zoom),
});
const moved = (view: View, dx: number, dy: number): View => {
  const scale = 256 * 2 ** view.zoom;
  return clampView({ ...view, x: view.x + dx / scale, y: view.y + dy / scale });
};

function useSize(element: { current: HTMLElement | null }): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    if (!element.current) return undefined;
    const measure = (): void => setSize({ width: element.current?.clientWidth ?? 0, height: element.current?.clientHeight ?? 0 });
    const observer = new ResizeObserver(measure);
    observer.observe(element.current);
    measure();
    return () => observer.disconnect();
  }, []);
  return size;
}

// Dragging, the wheel and keys move the view.
function useHandling(view: View, setView: (view: View) => void) {
  const drag = useRef<{ x: number; y: number; view: View } | null>(null);
  return {
    onPointerDown: (event: PointerEvent): void => {
      if ((event.target as Element).closest('button')) return;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, y: event.clientY, view };
    },
    onPointerMove: (event: PointerEvent): void => {
      if (drag.current) setView(moved(drag.current.view, drag.current.x - event.clientX, drag.current.y - event.clientY));
    },
    onPointerUp: (): void => { drag.current = null; },
    onPointerCancel: (): void => { drag.current = null; },
    onKeyDown: (event: KeyboardEvent): void => {
      const steps: Record<string, () => View> = {
        ArrowLeft: () => moved(view, -80, 0), ArrowRight: () => moved(view, 80, 0), ArrowUp: () => moved(view, 0, -80),
        ArrowDown: () => moved(view, 0, 80), '+': () => clampView({ ...view, zoom: view.zoom + 1 }),
        '=': () => clampView({ ...view, zoom: view.zoom + 1 }), '-': () => clampView({ ...view, zoom: view.zoom - 1 }),
      };
      const step = steps[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      setView(step());
    },
  };
}

function Canvas({ outlines, view, size }: { outlines: Outlines | null; view: View; size: Size }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [colours, setColours] = useState(0);
  useEffect(() => {
    const again = (): void => setColours((n) => n + 1);
    const media = matchMedia('(prefers-color-scheme: dark)');
    const watch = new MutationObserver(again);
    media.addEventListener('change', again);
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => { media.removeEventListener('change', again); watch.disconnect(); };
  }, []);
  useLayoutEffect(() => {
    if (!canvas.current || !outlines) return undefined;
    const frame = requestAnimationFrame(() => canvas.current && drawOutlines(canvas.current, outlines, view));
    return () => cancelAnimationFrame(frame);
  }, [outlines, view, size.width, size.height, colours]);
  return <canvas ref={canvas} aria-hidden="true" data-drawn={outlines ? 'yes' : undefined} />;
}

function Marks({ located, view, size, setView, choose }: {
  located: Located[]; view: View; size: Size; setView: (view: View) => void; choose: (points: PlacePoint[]) => void;
}) {
  const locale = useLocale();
  const { m } = locale;
  return (
    <>
      {clusters(located, view, size.width, size.height).map((cluster) => {
        const several = new Set(cluster.members.map((one) => `${one.latitude},${one.longitude}`)).size > 1;
        const name = cluster.members.length === 1 ? (cluster.members[0]?.title ?? '') : locale.count(m.mapCluster, cluster.members.length);
        const weight = Math.min(3, Math.floor(Math.log10(cluster.members.length)) + (cluster.members.length > 1 ? 1 : 0));
        return (
          <button type="button" key={`${cluster.x.toFixed()}:${cluster.y.toFixed()}`} class={`map-mark weight${weight}`} aria-label={name} title={name}
            style={{ transform: `translate(${cluster.x}px, ${cluster.y}px)` }}
            onClick={() => {
              choose(cluster.members);
              if (several && view.zoom < zoom_max) {
                const closer = fit(cluster.points, size.width, size.height);
                setView(clampView({ ...closer, zoom: Math.max(view.zoom + 1, Math.min(closer.zoom, 11)) }));
              }
            }}>
            {cluster.members.length > 1 ? locale.number(cluster.members.length) : ''}
          </button>
        );
      })}
    </>
  );
}

function PlaceList({ points }: { points: PlacePoint[] }) {
  const { m } = useLocale();
  const shown = [...new Map(points.map((one) => [one.partner + one.kind + one.id, one])).values()].slice(0, 100);
  return (
    <section class="map-list" aria-label={m.mapPlaces} tabIndex={0}>
      <h3>{m.mapPlaces}</h3>
      {!shown.length && <p class="hint">{m.mapNone}</p>}
      <ul>
        {shown.map((one) => (
          <li key={one.partner + one.kind + one.id}>
            <a href={address('/records/' + encodeURIComponent(one.id))} dir="auto">{one.title}</a>
            <p class="hint"><KindLabel kind={one.kind} />{one.place && <bdi>· {one.place}</bdi>}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

const rest_ms = 250; // a map that moves has no address yet

// What is in view: as the address says, else all that was found. Once somebody has moved it, it stands in the address.
function useView(located: Located[], size: Size, query: URLSearchParams) {
  const [view, setView] = useState<View>({ x: 0.5, y: 0.4, zoom: 1 });
  const placed = useRef(view); // not by somebody's hand
  const place = (next: View): void => { placed.current = clampView(next); setView(placed.current); };
  const whole = (): void => place(fit(located.map((one) => one.at), size.width, size.height));
  const asked = query.get('at');
  const written = useRef(asked);
  const search = withValues(query, { at: '' }).toString();
  useEffect(() => {
    const there = viewOf(asked);
    if (there) place(there);
    else whole();
  }, [located, size.width > 0]);
  useEffect(() => { // another address came: a link, or a step back
    const there = asked === written.current ? null : viewOf(asked);
    written.current = asked;
    if (there) place(there);
  }, [asked]);
  const write = (at: string): void => {
    const { path, query: now } = here();
    if (withValues(now, { at: '' }).toString() !== search) return; // something else is searched for meanwhile
    written.current = at || null;
    navigate(address(path, withValues(now, { at })), { replace: true });
  };
  useEffect(() => {
    if (view === placed.current) return undefined;
    const timer = setTimeout(() => write(viewText(view)), rest_ms);
    return () => clearTimeout(timer);
  }, [view]);
  return { view, setView, whole: () => { whole(); write(''); } };
}

function World({ located, query, places }: { located: Located[]; places: Places; query: URLSearchParams }) {
  const locale = useLocale();
  const { m } = locale;
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const [outlines, setOutlines] = useState<Outlines | null>(null);
  const { view, setView, whole } = useView(located, size, query);
  const [chosen, setChosen] = useState<PlacePoint[] | null>(null);
  useEffect(() => void loadOutlines().then(setOutlines, () => undefined), []);
  useEffect(() => setChosen(null), [located]);
  const handling = useHandling(view, (next) => { setChosen(null); setView(next); });
  useEffect(() => {
    const element = frame.current;
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && document.activeElement !== element) return; // a page that scrolls is not caught by the map
      event.preventDefault();
      setView((old) => clampView({ ...old, zoom: old.zoom - event.deltaY / 300 }));
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, []);
  const inView = clusters(located, view, size.width, size.height).flatMap((one) => one.members);
  const centre = unproject(view);
  const around = changed(query, {
    near: `${centre.latitude.toFixed(2)},${centre.longitude.toFixed(2)}`, place: '',
    within_km: String(Math.max(5, Math.min(2000, Math.round((40_000 / 2 ** view.zoom / 256) * Math.min(size.width, size.height) / 2)))),
  });
  return (
    <div class="map-view">
      <div class="map" ref={frame} role="group" aria-label={m.mapLabel} aria-describedby="map-help" tabIndex={0} {...handling}>
        <Canvas outlines={outlines} view={view} size={size} />
        <Marks located={located} view={view} size={size} setView={setView} choose={setChosen} />
        <div class="map-tools">
          <button type="button" aria-label={m.mapIn} onClick={() => setView(clampView({ ...view, zoom: view.zoom + 1 }))}><Icon name="plus" /></button>
          <button type="button" aria-label={m.mapOut} onClick={() => setView(clampView({ ...view, zoom: view.zoom - 1 }))}><Icon name="minus" /></button>
          <button type="button" aria-label={m.mapWhole} onClick={() => { setChosen(null); whole(); }}><Icon name="whole" /></button>
        </div>
        <a class="button map-around" href={address('/', around)}><Icon name="pin" size={18} /> {m.mapSearchHere}</a>
      </div>
      <PlaceList points={chosen ?? inView} />
      <p class="hint map-note" id="map-help">
        {m.mapHelp} {places.complete === false && locale.fill(m.mapSome, { n: locale.number(places.searched ?? 0) })} {m.mapCredit}
      </p>
    </div>
  );
}

export function ResultMap({ state, query }: MapProps) {
  const { language } = useLocale();
  const parameters = searchParameters(state);
  const places = useLoaded(JSON.stringify([parameters, language]), (signal) => get<Places>('/api/places', parameters, signal));
  const located = useMemo(
    () => (places.data?.points ?? []).map((item) => ({ at: project(item.latitude, item.longitude), item })), [places.data]);
  if (places.error) return <Failure error={places.error} again={places.again} />;
  if (!places.data) return <Loading />;
  return <World located={located} query={query} places={places.data} />;
}
