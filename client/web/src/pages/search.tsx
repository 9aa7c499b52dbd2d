// The first page: a search box, filters, results as a list or on the map.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocale } from '../i18n';
import { bodyOf, get, type Facet, type Hit, type SearchAnswer } from '../lib/api';
import { address, navigate, usePlace, withValues } from '../lib/router';
import { canShowMore, changed, distances_km, page_size, searchParameters, searchState, type SearchState } from '../lib/search_state';
import { useLoaded, useNow, useSettled } from '../lib/use';
import { CairnScene } from '../ui/cairn';
import { ResultCard } from '../ui/card';
import { ChosenFilters, FacetPanel } from '../ui/facets';
import { Icon } from '../ui/icons';
import { Failure, Loading, submitted, Tabs } from '../ui/parts';
import { SearchBox } from '../ui/search_box';
import type { MapProps } from './map';

const per_request_max = 200;
const told_after_ms = 600; // so that a reader of screens does not hear of every letter

async function search(state: SearchState, signal: AbortSignal): Promise<SearchAnswer> {
  const parameters = searchParameters(state);
  const answer = await get<SearchAnswer>('/api/search', { ...parameters, facets: '1', limit: Math.min(state.shown, per_request_max) }, signal);
  return answer;
}

// Where a town is, as a place in the directory says; null when none does.
async function findPlace(name: string, signal?: AbortSignal): Promise<{ near: string; place: string } | null> {
  const answer = await get<SearchAnswer>('/api/search', { q: name, kind: 'location', limit: 10 }, signal);
  for (const hit of answer.hits ?? []) {
    const body = bodyOf(hit.record.record);
    if (body.latitude === undefined || body.longitude === undefined) continue;
    return { near: `${body.latitude.toFixed(3)},${body.longitude.toFixed(3)}`, place: body.addresses?.[0]?.city || name };
  }
  return null;
}

function PlaceFilter({ state, query }: { state: SearchState; query: URLSearchParams }) {
  const locale = useLocale();
  const { m } = locale;
  const [unknown, setUnknown] = useState('');
  const look = async (event: Event): Promise<void> => {
    const name = String(submitted(event).get('place') ?? '').trim();
    setUnknown('');
    if (!name) return navigate(address('/', changed(query, { near: '', place: '', within_km: '' })));
    const found = await findPlace(name).catch(() => null);
    if (!found) return setUnknown(name);
    navigate(address('/', changed(query, { ...found, within_km: String(state.km) })));
  };
  return (
    <form class="place-filter" onSubmit={(event) => void look(event)}>
      <label for="place">{m.placeLabel}</label>
      <div class="joined">
        <input id="place" name="place" key={state.place} defaultValue={state.place} placeholder={m.placeHint} maxLength={100} autocomplete="off" dir="auto" />
        <button type="submit" class="button" aria-label={m.searchButton}><Icon name="pin" /></button>
      </div>
      {unknown && <p class="hint" role="alert">{locale.fill(m.placeUnknown, { place: unknown })}</p>}
      {state.near && (
        <label>{m.withinLabel}
          <select value={String(state.km)} onChange={(event) => navigate(address('/', changed(query, { within_km: event.currentTarget.value })))}>
            {[...new Set([...distances_km, state.km])].sort((a, b) => a - b).map((km) => <option key={km} value={km}>{locale.number(km)} km</option>)}
          </select>
        </label>
      )}
    </form>
  );
}

const isoDate = (date: Date): string =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;

function DateFilter({ state, query }: { state: SearchState; query: URLSearchParams }) {
  const { m } = useLocale();
  const set = (on: string): void => navigate(address('/', changed(query, { on })));
  const today = isoDate(new Date());
  return (
    <div class="date-filter">
      <label for="on">{m.onLabel}</label>
      <div class="joined">
        <input id="on" type="date" value={state.on} onChange={(event) => set(event.currentTarget.value)} />
        <button type="button" class="button" aria-pressed={state.on === today} onClick={() => set(state.on === today ? '' : today)}>{m.today}</button>
      </div>
      <button type="button" class="button" aria-pressed={state.openNow}
        onClick={() => navigate(address('/', changed(query, { open_now: state.openNow ? '' : '1' })))}>{m.openNow}</button>
    </div>
  );
}

function FilterPanel({ state, query, facets }: { state: SearchState; query: URLSearchParams; facets: Facet[] }) {
  const locale = useLocale();
  const { m } = locale;
  const [wide, setWide] = useState(() => matchMedia('(min-width: 60rem)').matches);
  useEffect(() => {
    const media = matchMedia('(min-width: 60rem)');
    const listener = (): void => setWide(media.matches);
    media.addEventListener('change', listener);
    return () => media.removeEventListener('change', listener);
  }, []);
  const chosen = Object.values(state.filters).flat().length + (state.near ? 1 : 0) + (state.on ? 1 : 0) + (state.openNow ? 1 : 0);
  const fields = (
    <div class="filter-fields">
      <PlaceFilter state={state} query={query} />
      <DateFilter state={state} query={query} />
      <FacetPanel facets={facets} state={state} query={query} />
    </div>
  );
  const heading = chosen ? locale.count(m.filtersCount, chosen) : m.filters;
  if (wide) return <aside class="filters" aria-label={m.filters}><h2>{heading}</h2>{fields}</aside>;
  return <details class="filters"><summary class="button"><Icon name="filter" /> {heading}</summary>{fields}</details>;
}

// The map is large and not everybody's way to look: it comes when it is opened.
function MapView(props: MapProps) {
  const [Map, setMap] = useState<ComponentType<MapProps> | null>(null);
  useEffect(() => void import('./map').then((module) => setMap(() => module.ResultMap)), []);
  return Map ? <Map {...props} /> : <Loading />;
}

function ResultsHead({ answer, busy, state, query }: { answer: SearchAnswer | null; busy: boolean; state: SearchState; query: URLSearchParams }) {
  const locale = useLocale();
  const { m } = locale;
  const total = Number(answer?.total ?? 0);
  const text = answer && (answer.totalIsLowerBound ? locale.fill(m.resultsAtLeast, { n: locale.number(total) }) : locale.count(m.results, total));
  const told = useSettled(busy ? '' : text || '', told_after_ms);
  return (
    <div class="results-head">
      <div>
        <h2>{text}</h2>
        <p class="visually-hidden" role="status">{told}</p>
        {answer?.correctedQuery && (
          <p class="notice corrected"><bdi>{locale.fill(m.searchedInstead, { typed: state.words, words: answer.correctedQuery })}</bdi></p>
        )}
        {total > 1 && <p class="hint">{state.words ? m.bestFirst : m.newestFirst}</p>}
      </div>
      <Tabs label={m.viewAs} items={[
        { name: m.viewList, href: address('/', withValues(query, { view: '' })), current: state.view === 'list' },
        { name: m.viewMap, href: address('/', withValues(query, { view: 'map' })), current: state.view === 'map' },
      ]} />
    </div>
  );
}

function ResultList({ hits, now }: { hits: Hit[]; now: Date }) {
  const { m } = useLocale();
  if (!hits.length) return <div class="notice"><h3>{m.nothingFound}</h3><p>{m.nothingFoundHint}</p></div>;
  return <ol class="cards">{hits.map((hit) => <ResultCard key={hit.record.partner + hit.record.kind + hit.record.record.id} hit={hit} now={now} />)}</ol>;
}

export function SearchPage() {
  const { m, language } = useLocale();
  const { query } = usePlace();
  const now = useNow();
  const state = searchState(query);
  const key = JSON.stringify([searchParameters(state), language]);
  const found = useLoaded(key + state.shown, (signal) => search(state, signal));
  const total = Number(found.data?.total ?? 0);
  return (
    <>
      <section class="hero">
        <div class="hero-inner">
          <div class="hero-words">
            <h1>{m.searchHeading}</h1>
            <p class="lead">{m.tagline}</p>
            <SearchBox state={state} />
          </div>
          <CairnScene />
        </div>
      </section>
      <div class="columns">
        <FilterPanel state={state} query={query} facets={found.data?.facets ?? []} />
        <section class="results" aria-busy={found.busy} aria-label={m.navSearch}>
          <ResultsHead answer={found.data} busy={found.busy} state={state} query={query} />
          <ChosenFilters state={state} query={query} />
          {found.error && <Failure error={found.error} again={found.again} />}
          {!found.data && found.busy && <Loading />}
          {found.data && state.view === 'map' && <MapView state={state} query={query} />}
          {found.data && state.view === 'list' && <ResultList hits={found.data.hits ?? []} now={now} />}
          {found.data && state.view === 'list' && canShowMore(state, total) && (
            <a class="button more" href={address('/', withValues(query, { show: String(state.shown + page_size) }))}
              onClick={(event) => {
                event.preventDefault(); // the place in the list stays
                navigate(address('/', withValues(query, { show: String(state.shown + page_size) })), { replace: true });
              }}>{m.showMore}</a>
          )}
        </section>
      </div>
    </>
  );
}
