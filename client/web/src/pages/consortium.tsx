// The partners, how fresh what they publish is, and how it moves while somebody looks on.
import { useEffect, useState } from 'preact/hooks';
import { useLocale } from '../i18n';
import { get, type Facets, type Kind, type Partner } from '../lib/api';
import { address } from '../lib/router';
import type { Trends } from '../lib/trends';
import { useNow } from '../lib/use';
import { PartnerStone } from '../ui/cairn';
import { Failure, Loading } from '../ui/parts';
import type { ApiError } from '../lib/api';
import { duration, TrendsPanel } from './trends';

interface State { partners: Partner[]; facets: Facets; trends: Trends; live: boolean }

const read_seconds = 10;
const soon_ms = 400; // several changes in a row are one reading

const lagOf = (partner: Partner, now: number): number | null => (partner.asOf ? Math.max(0, (now - Date.parse(partner.asOf)) / 1000) : null);
const isActive = (partner: Partner): boolean => (partner.status ?? 'active') === 'active';

// Reads every few seconds, and at once when the node says that something changed.
function useConsortium(): { state: State | null; error: ApiError | null; again: () => void } {
  const [state, setState] = useState<State | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [live, setLive] = useState(false);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    Promise.all([get<{ partners?: Partner[] }>('/api/partners'), get<Facets>('/api/facets'), get<Trends>('/api/trends')]).then(([answer, facets, trends]) => {
      if (!current) return;
      setError(null);
      setState({ partners: answer.partners ?? [], facets, trends, live });
    }, (failure: ApiError) => current && setError(failure));
    return () => { current = false; };
  }, [turn]);
  useEffect(() => {
    const again = (): void => setTurn((n) => n + 1);
    const timer = setInterval(again, read_seconds * 1000);
    const source = new EventSource('/events?new=1');
    let soon: ReturnType<typeof setTimeout> | undefined;
    const changed = (): void => { clearTimeout(soon); soon = setTimeout(again, soon_ms); };
    source.onopen = () => setLive(true);
    source.onerror = () => setLive(false);
    for (const name of ['upsert', 'removed']) source.addEventListener(name, changed);
    return () => { clearInterval(timer); clearTimeout(soon); source.close(); };
  }, []);
  return { state: state && { ...state, live }, error: state ? null : error, again: () => setTurn((n) => n + 1) };
}

function Figures({ partners, now }: { partners: Partner[]; now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  const sum = (of: (partner: Partner) => string | undefined): number => partners.reduce((total, one) => total + Number(of(one) ?? 0), 0);
  const entries = sum((one) => one.liveRecords);
  const overdue = sum((one) => one.staleRecords);
  const longest = Math.max(0, ...partners.filter(isActive).map((one) => lagOf(one, now.getTime()) ?? 0));
  const fresh = entries ? Math.floor((100 * (entries - overdue)) / entries) : 100;
  const figures: [string, string, string?][] = [
    [m.partners, locale.number(partners.filter(isActive).length)],
    [m.entries, locale.number(entries)],
    [m.checked, locale.number(fresh) + ' %', locale.count(m.overdueCount, overdue)],
    [m.lag, duration(locale, longest), m.lagHint],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value, hint]) => <div key={name}><dt>{name}</dt><dd>{value}{hint && <span class="hint">{hint}</span>}</dd></div>)}
    </dl>
  );
}

function Bars({ title, items }: { title: string; items: { name: string; count: number; href: string }[] }) {
  const locale = useLocale();
  const most = Math.max(1, ...items.map((one) => one.count));
  return (
    <section class="panel">
      <h2>{title}</h2>
      <ul class="bars">
        {items.map((one) => (
          <li key={one.name}>
            <a href={one.href}><span class="bar-name">{one.name}</span><span class="bar-count">{locale.number(one.count)}</span></a>
            <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect width={(100 * one.count) / most} height="6" /></svg>
          </li>
        ))}
      </ul>
    </section>
  );
}

function PartnerRow({ partner, now }: { partner: Partner; now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  const entries = Number(partner.liveRecords ?? 0);
  const overdue = Number(partner.staleRecords ?? 0);
  const lag = lagOf(partner, now.getTime());
  const status = partner.status ?? 'active';
  return (
    <tr>
      <th scope="row">
        <a class="vouching" href={address('/', new URLSearchParams({ partner: partner.id }))}><PartnerStone id={partner.id} /> <bdi>{partner.name || partner.id}</bdi></a>
      </th>
      <td data-label={m.country}>{partner.country ? locale.country(partner.country) : ''}</td>
      <td data-label={m.status}><span class={'badge ' + (status === 'active' ? 'good' : 'bad')}>{status === 'suspended' ? m.suspended : status === 'retired' ? m.retired : m.active}</span></td>
      <td data-label={m.entries} class="number">{locale.number(entries)}</td>
      <td data-label={m.checked} class="number">{entries ? locale.number(Math.floor((100 * (entries - overdue)) / entries)) + ' %' : '–'}</td>
      <td data-label={m.lastHeard} class="number">{lag === null ? m.never : lag < 60 ? m.now : locale.ago(new Date(now.getTime() - lag * 1000), now)}</td>
    </tr>
  );
}

function PartnerTable({ partners, now }: { partners: Partner[]; now: Date }) {
  const { m } = useLocale();
  return (
    <section class="panel wide">
      <h2 id="partner-table">{m.partnerTable}</h2>
      <table class="partners" aria-labelledby="partner-table">
        <thead><tr>{[m.partner, m.country, m.status, m.entries, m.checked, m.lastHeard].map((one, i) => <th key={one} scope="col" class={i > 2 ? 'number' : undefined}>{one}</th>)}</tr></thead>
        <tbody>{partners.map((one) => <PartnerRow key={one.id} partner={one} now={now} />)}</tbody>
      </table>
    </section>
  );
}

export function ConsortiumPage() {
  const locale = useLocale();
  const { m } = locale;
  const now = useNow(read_seconds * 1000);
  const { state, error, again } = useConsortium();
  if (error) return <Failure error={error} again={again} />;
  if (!state) return <Loading />;
  const values = (name: string) => state.facets.facets?.find((one) => one.name === name)?.values ?? [];
  const kinds = values('kind').map((one) => ({
    name: m.kindsPlural[one.value.toUpperCase() as Kind] ?? one.value, count: Number(one.count ?? 0), href: address('/', new URLSearchParams({ kind: one.value.toLowerCase() })) }));
  const countries = values('country').slice(0, 12).map((one) => ({
    name: locale.country(one.value), count: Number(one.count ?? 0), href: address('/', new URLSearchParams({ country: one.value })) }));
  return (
    <div class="page consortium">
      <div class="page-head">
        <div><h1>{m.consortiumHeading}</h1><p class="lead">{m.consortiumLead}</p></div>
        <p class={'badge ' + (state.live ? 'good' : 'shut')} role="status">{state.live ? m.live : m.notLive}</p>
      </div>
      <Figures partners={state.partners} now={now} />
      <div class="panels">
        <PartnerTable partners={state.partners} now={now} />
        <Bars title={m.perKind} items={kinds} />
        <Bars title={m.perCountry} items={countries} />
        <TrendsPanel trends={state.trends} now={now} />
      </div>
    </div>
  );
}
