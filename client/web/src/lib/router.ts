// All state of the page is in its address, so that every view can be shared and "back" works.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

export interface Place { path: string; query: URLSearchParams }
export const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

const changed = new Set<() => void>();
export function onNavigate(listener: () => void): () => void {
  changed.add(listener);
  addEventListener('popstate', listener);
  return () => {
    changed.delete(listener);
    removeEventListener('popstate', listener);
  };
}

export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  for (const listener of changed) listener();
}

// The address of `path` with these parameters; the language that was asked for goes along.
export function address(path: string, query: URLSearchParams = new URLSearchParams()): string {
  const language = new URLSearchParams(location.search).get('lang');
  const wanted = new URLSearchParams(query);
  if (language && !wanted.has('lang')) wanted.set('lang', language);
  const text = wanted.toString();
  return path + (text ? '?' + text : '');
}

// Clicks that mean "open here" stay in the page; with a key held, the middle button, or a target, they are the browser's.
export function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a');
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
  if (!isPage(link.pathname)) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
  scrollTo(0, 0);
}

export const isPage = (path: string): boolean =>
  ['/', '/calendar', '/consortium', '/about'].includes(path) || path.startsWith('/records/');

export const PlaceContext = createContext<Place>({ path: '/', query: new URLSearchParams() });
export const usePlace = (): Place => useContext(PlaceContext);

// A copy of `query` with some parameters set anew; an empty list removes one.
export function withValues(query: URLSearchParams, values: Record<string, string[] | string>): URLSearchParams {
  const copy = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    copy.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one) copy.append(name, one);
  }
  return copy;
}
