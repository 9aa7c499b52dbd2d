// One entry in a list of results.
import { useEffect, useState } from 'preact/hooks';
import { useLocale } from '../i18n';
import { bodyOf, entryById, type Entry, type Hit } from '../lib/api';
import { address } from '../lib/router';
import { isTimeZone, momentOf } from '../lib/schedule';
import { Icon } from './icons';
import { Freshness, KindLabel, Opening, Passage, Vouching } from './parts';

export const recordPath = (entry: Entry): string => address('/records/' + encodeURIComponent(entry.record.id));

const cityOf = (entry: Entry | null): string => {
  const found = entry && bodyOf(entry.record).addresses?.find((one) => one.city);
  return found ? found.city ?? '' : '';
};

// The towns of an entry: its own, or those of the places that it names.
function useCities(entry: Entry): string[] {
  const [cities, setCities] = useState<string[]>(() => [cityOf(entry)].filter(Boolean));
  const body = bodyOf(entry.record);
  const ids = [...(body.serviceAtLocations ?? []).map((one) => one.locationId ?? ''), ...(body.locationIds ?? [])].filter(Boolean).slice(0, 3);
  useEffect(() => {
    let wanted = true;
    if (ids.length) {
      void Promise.all(ids.map(entryById)).then((places) => wanted && setCities([...new Set(places.map(cityOf).filter(Boolean))]));
    }
    return () => { wanted = false; };
  }, [ids.join()]);
  return cities;
}

// The next time a training takes place, as an instant to sort by and as local date to show.
export function nextSession(entry: Entry, now: Date): { start: string; place: string } | null {
  const ahead = (bodyOf(entry.record).sessions ?? [])
    .filter((one) => one.start && !['cancelled', 'completed'].includes(one.status ?? ''))
    .map((one) => ({ start: one.start ?? '', place: one.place ?? '', at: sessionMoment(one.start ?? '', one.timeZone) }))
    .filter((one) => one.at >= now.getTime())
    .sort((a, b) => a.at - b.at);
  return ahead[0] ?? null;
}

export function sessionMoment(local: string, zone: string | undefined): number {
  const asUtc = Date.parse(local.length > 10 ? local + 'Z' : local + 'T00:00:00Z');
  return isTimeZone(zone) ? momentOf(asUtc, zone) : asUtc;
}

export function ResultCard({ hit, now }: { hit: Hit; now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  const entry = hit.record;
  const body = bodyOf(entry.record);
  const cities = useCities(entry);
  const next = entry.kind === 'TRAINING' ? nextSession(entry, now) : null;
  const spoken = (body.languages ?? []).map((one) => (typeof one === 'string' ? one : (one.code ?? ''))).filter(Boolean);
  const where = [...cities, ...(entry.record.countries ?? []).slice(0, 2).map((code) => locale.country(code))];
  return (
    <li class="card">
      <div class="card-top">
        <KindLabel kind={entry.kind} />
        {hit.distanceKm !== undefined && <span class="distance"><Icon name="pin" size={16} /> {locale.fill(m.distance, { km: locale.number(hit.distanceKm) })}</span>}
      </div>
      <h3><a href={recordPath(entry)} dir="auto">{hit.title || entry.record.id}</a></h3>
      {hit.snippet && <Passage snippet={hit.snippet} />}
      <ul class="facts">
        {where.length > 0 && <li><Icon name="pin" size={16} /> <span dir="auto">{where.join(', ')}</span></li>}
        {spoken.length > 0 && (
          <li><Icon name="speech" size={16} /> <span class="visually-hidden">{m.languages}: </span>{locale.list(spoken.slice(0, 5).map((tag) => locale.languageName(tag)))}</li>
        )}
        {entry.kind === 'TRAINING' && (
          <li><Icon name="calendar" size={16} /> {next
            ? <>{locale.fill(m.nextSession, { date: locale.date(new Date(next.start.slice(0, 10) + 'T12:00:00'), { day: 'numeric', month: 'short', year: 'numeric' }) })}{next.place && <> · <bdi>{next.place}</bdi></>}</>
            : m.noSession}</li>
        )}
      </ul>
      <div class="card-foot">
        <Opening entry={entry} now={now} />
        <Freshness entry={entry} now={now} />
        <Vouching partner={entry.partner} />
      </div>
    </li>
  );
}
