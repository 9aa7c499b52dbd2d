// Filters: how many entries there are of each value, and which values are chosen.
import { useState } from 'preact/hooks';
import { useLocale, type Locale } from '../i18n';
import type { Facet, FacetValue } from '../lib/api';
import { address, navigate } from '../lib/router';
import { cleared, facetNames, toggled, type FacetName, type SearchState } from '../lib/search_state';
import { Icon } from './icons';
import { facetLabel, usePartners } from './parts';

const shown_first = 6;

const headings = (locale: Locale): Record<FacetName, string> => ({
  kind: locale.m.facetKind, country: locale.m.facetCountry, language: locale.m.facetLanguage, term: locale.m.facetTerm,
  mode: locale.m.mode, month: locale.m.facetMonth, freshness: locale.m.facetFreshness, partner: locale.m.facetPartner,
});

function FacetGroup({ name, values, chosen, query }: { name: FacetName; values: FacetValue[]; chosen: string[]; query: URLSearchParams }) {
  const locale = useLocale();
  const partners = usePartners();
  const [all, setAll] = useState(false);
  // What is chosen is shown even when nothing has it, so that it can be taken away.
  const missing = chosen.filter((one) => !values.some((value) => value.value === one)).map((value) => ({ value, count: '0' }));
  const ordered = [...missing, ...values.filter((one) => chosen.includes(one.value)), ...values.filter((one) => !chosen.includes(one.value))];
  if (!ordered.length) return null;
  const shown = all ? ordered : ordered.slice(0, shown_first);
  return (
    <fieldset class="facet">
      <legend>{headings(locale)[name]}</legend>
      <ul>
        {shown.map(({ value, count }) => (
          <li key={value}>
            <label>
              <input type="checkbox" checked={chosen.includes(value)} onChange={() => navigate(address('/', toggled(query, name, value)))} />
              <span class="facet-name" dir="auto">{facetLabel(locale, partners, name, value)}</span>
              <span class="facet-count">{locale.number(Number(count ?? 0))}</span>
            </label>
          </li>
        ))}
      </ul>
      {ordered.length > shown.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>{locale.count(locale.m.showAllValues, ordered.length - shown.length)}</button>
      )}
    </fieldset>
  );
}

export function FacetPanel({ facets, state, query }: { facets: Facet[]; state: SearchState; query: URLSearchParams }) {
  const valuesOf = (name: FacetName): FacetValue[] => {
    const values = facets.find((one) => one.name === name)?.values ?? [];
    return name === 'kind' ? values.map((one) => ({ ...one, value: one.value.toLowerCase() })) : values;
  };
  return <>{facetNames.map((name) => <FacetGroup key={name} name={name} values={valuesOf(name)} chosen={state.filters[name]} query={query} />)}</>;
}

// What is chosen, above the results, each to be taken away with one press.
export function ChosenFilters({ state, query }: { state: SearchState; query: URLSearchParams }) {
  const locale = useLocale();
  const { m } = locale;
  const partners = usePartners();
  const chips = facetNames.flatMap((name) =>
    state.filters[name].map((value) => ({ name: facetLabel(locale, partners, name, value), to: toggled(query, name, value) })));
  if (state.near) {
    const without = new URLSearchParams(query);
    for (const name of ['near', 'place', 'within_km']) without.delete(name);
    chips.push({ name: locale.fill(m.placeNear, { km: locale.number(state.km), place: state.place || m.here }), to: without });
  }
  if (state.on) {
    const without = new URLSearchParams(query);
    without.delete('on');
    chips.push({ name: locale.date(new Date(state.on + 'T12:00:00')), to: without });
  }
  if (state.openNow) {
    const without = new URLSearchParams(query);
    without.delete('open_now');
    chips.push({ name: m.openNow, to: without });
  }
  if (!chips.length) return null;
  return (
    <ul class="chips" aria-label={m.filters}>
      {chips.map((chip) => (
        <li key={chip.name}>
          <a class="chip" href={address('/', chip.to)} aria-label={locale.fill(m.removeFilter, { name: chip.name })}>
            <bdi>{chip.name}</bdi> <Icon name="close" size={16} />
          </a>
        </li>
      ))}
      <li><a class="chip clear" href={address('/', cleared(query))}>{m.clearFilters}</a></li>
    </ul>
  );
}
