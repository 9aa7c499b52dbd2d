// What is searched for, as it stands in the address.
import { withValues } from './router';

export const facetNames = ['kind', 'country', 'language', 'term', 'mode', 'month', 'freshness', 'partner'] as const;
export type FacetName = (typeof facetNames)[number];

export const page_size = 20;
const shown_max = 200; // more than a person reads; narrower words serve better
export const distances_km = [5, 10, 25, 50, 100, 250];
export const default_km = 25;

export interface SearchState {
  words: string;
  prefix: boolean; // the last word is the beginning of one
  filters: Record<FacetName, string[]>;
  near: string; // "lat,lon"
  place: string; // what the person called it
  km: number;
  on: string; // a date
  openNow: boolean;
  view: 'list' | 'map';
  shown: number;
}

export function searchState(query: URLSearchParams): SearchState {
  const filters = Object.fromEntries(facetNames.map((name) => [name, query.getAll(name)])) as SearchState['filters'];
  const shown = Number(query.get('show')) || page_size;
  const km = Number(query.get('within_km')) || default_km;
  return {
    words: query.get('q') ?? '',
    prefix: query.get('prefix') === '1',
    filters,
    near: query.get('near') ?? '',
    place: query.get('place') ?? '',
    km,
    on: query.get('on') ?? '',
    openNow: query.get('open_now') === '1',
    view: query.get('view') === 'map' ? 'map' : 'list',
    shown: Math.min(Math.max(shown, page_size), shown_max),
  };
}

export const canShowMore = (state: SearchState, total: number): boolean => state.shown < Math.min(total, shown_max);

// What the node is asked for; without what only the page needs.
export function searchParameters(state: SearchState): Record<string, string | string[] | undefined> {
  return {
    q: state.words,
    prefix: state.words && state.prefix ? '1' : undefined,
    ...state.filters,
    near: state.near || undefined,
    within_km: state.near ? String(state.km) : undefined,
    on: state.on || undefined,
    open_now: state.openNow ? '1' : undefined,
  };
}

// Any change of what is searched for starts from the top of the list, and from the whole map.
export const changed = (query: URLSearchParams, values: Record<string, string[] | string>): URLSearchParams =>
  withValues(query, { show: '', page_token: '', at: '', ...values });

export function toggled(query: URLSearchParams, name: FacetName, value: string): URLSearchParams {
  const values = query.getAll(name);
  return changed(query, { [name]: values.includes(value) ? values.filter((one) => one !== value) : [...values, value] });
}

export const cleared = (query: URLSearchParams): URLSearchParams =>
  changed(query, { ...Object.fromEntries(facetNames.map((name) => [name, ''])), near: '', place: '', within_km: '', on: '', open_now: '' });

// The words as somebody types them: the last one goes on until something stands behind it.
export const typed = (query: URLSearchParams, text: string): URLSearchParams =>
  changed(query, { q: text.trim(), prefix: /\S$/.test(text) ? '1' : '' });

// The words when the search is asked for: whole ones.
export const asked = (query: URLSearchParams, text: string): URLSearchParams => changed(query, { q: text.trim(), prefix: '' });
