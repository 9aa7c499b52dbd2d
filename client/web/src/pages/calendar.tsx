// Trainings by date: a month at a glance, or a list of what is coming up.
import { useLocale } from '../i18n';
import { bodyOf, listAll, queryString, type Entry, type Session } from '../lib/api';
import { address, navigate, usePlace, withValues } from '../lib/router';
import { dayNumber } from '../lib/schedule';
import { titleOf } from '../lib/text';
import { useLoaded, useNow } from '../lib/use';
import { recordPath } from '../ui/card';
import { Icon } from '../ui/icons';
import { Failure, Loading, Tabs } from '../ui/parts';
import { sessionWhen } from './record';

interface Occasion { entry: Entry; session: Session; first: number; last: number } // days since 1970-01-01
const day_ms = 86_400_000;
const days_max = 400; // a session that is said to last longer is shown on its first days

function occasionsOf(entries: Entry[]): Occasion[] {
  const all: Occasion[] = [];
  for (const entry of entries) {
    for (const session of bodyOf(entry.record).sessions ?? []) {
      const first = dayNumber((session.start ?? '').slice(0, 10));
      const last = dayNumber((session.end || session.start || '').slice(0, 10));
      if (Number.isFinite(first)) all.push({ entry, session, first, last: Math.min(Number.isFinite(last) ? last : first, first + days_max) });
    }
  }
  return all.sort((a, b) => (a.session.start ?? '').localeCompare(b.session.start ?? ''));
}

const own_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const isoOf = (day: number): string => new Date(day * day_ms).toISOString().slice(0, 10);
const monthOf = (date: Date): string => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}`;
const shifted = (month: string, by: number): string => {
  const [year = 1970, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
};
const isMonth = (text: string | null): text is string => /^\d{4}-(0[1-9]|1[0-2])$/.test(text ?? '');

function Occurrence({ one, continued = false }: { one: Occasion; continued?: boolean }) {
  const { m, language } = useLocale();
  const title = titleOf(one.entry, [language, ...navigator.languages]);
  const status = one.session.status;
  const start = one.session.start ?? '';
  const zone = start.length > 10 && one.session.timeZone !== own_zone ? one.session.timeZone?.replaceAll('_', ' ') : '';
  const quiet = status === 'cancelled' || status === 'completed';
  return (
    <a class={'occasion' + (quiet ? ' quiet' : '') + (continued ? ' continued' : '')} href={recordPath(one.entry)}>
      <span dir="auto" lang={title.language}>{title.text}</span>
      <span class="hint"><bdi>{[start.slice(11, 16), zone, one.session.place].filter(Boolean).join(' · ')}</bdi></span>
      {status && status !== 'scheduled' && <span class={'badge ' + (status === 'cancelled' ? 'bad' : 'shut')}>{m.sessionStatus[status as keyof typeof m.sessionStatus] ?? status}</span>}
    </a>
  );
}

function Month({ month, occasions, today }: { month: string; occasions: Occasion[]; today: string }) {
  const locale = useLocale();
  const first = dayNumber(month + '-01');
  const length = dayNumber(shifted(month, 1) + '-01') - first;
  const lead = (new Date(first * day_ms).getUTCDay() + 6) % 7; // Monday first
  const days = Array.from({ length }, (_, i) => first + i);
  const held = occasions.filter((one) => one.last >= first && one.first < first + length);
  return (
    <>
      <div class="weekdays" aria-hidden="true">
        {Array.from({ length: 7 }, (_, i) => <span key={i}>{locale.date(new Date(Date.UTC(2024, 0, 1 + i, 12)), { weekday: 'short', timeZone: 'UTC' })}</span>)}
      </div>
      <ol class={`month lead${lead}`}>
        {days.map((day) => {
          const here = held.filter((one) => one.first <= day && day <= one.last);
          const iso = isoOf(day);
          return (
            <li key={day} class={(here.length ? 'busy' : 'free') + (iso === today ? ' today' : '')} aria-current={iso === today ? 'date' : undefined}>
              <time dateTime={iso}><span class="day-number" aria-hidden="true">{new Date(day * day_ms).getUTCDate()}</span>
                <span class="day-name">{locale.date(new Date(iso + 'T12:00:00Z'), { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' })}</span></time>
              {here.map((one, i) => <Occurrence key={i} one={one} continued={one.first < day && day > first} />)}
            </li>
          );
        })}
      </ol>
      {!held.length && <div class="notice"><p>{locale.m.nothingThisMonth}</p></div>}
    </>
  );
}

function Upcoming({ occasions, today }: { occasions: Occasion[]; today: string }) {
  const locale = useLocale();
  const ahead = occasions.filter((one) => isoOf(one.last) >= today && one.session.status !== 'completed');
  if (!ahead.length) return <div class="notice"><p>{locale.m.nothingPlanned}</p></div>;
  const months = [...new Set(ahead.map((one) => isoOf(one.first).slice(0, 7)))];
  return (
    <>
      {months.map((month) => (
        <section key={month} class="agenda">
          <h2>{locale.date(new Date(month + '-15T12:00:00Z'), { month: 'long', year: 'numeric', timeZone: 'UTC' })}</h2>
          <ul>
            {ahead.filter((one) => isoOf(one.first).startsWith(month)).map((one, i) => (
              <li key={i}>
                <p class="session-when"><time dateTime={one.session.start}>{sessionWhen(locale, one.session)}</time></p>
                <Occurrence one={one} />
                <a class="quiet-link" href={'/trainings/' + encodeURIComponent(one.entry.record.id) + '.ics'} download><Icon name="calendar" size={18} /> {locale.m.addToCalendar}</a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

// What a session does not say of itself is as its training has it: the rule of the calendar file as well.
const countriesOf = (one: Occasion): string[] => (one.session.country ? [one.session.country] : (one.entry.record.countries ?? []));
const languagesOf = (one: Occasion): string[] => {
  const own = one.session.languages?.length ? one.session.languages : (bodyOf(one.entry.record).languages ?? []);
  return own.map((tag) => (typeof tag === 'string' ? tag : (tag.code ?? '')));
};
const modeOf = (one: Occasion): string => one.session.mode || bodyOf(one.entry.record).mode || '';

function Choice({ name, label, any, values, text }: { name: string; label: string; any: string; values: string[]; text: (value: string) => string }) {
  const { path, query } = usePlace();
  const current = query.get(name) ?? '';
  const all = [...new Set([...values, current])].filter(Boolean).sort((a, b) => text(a).localeCompare(text(b)));
  return (
    <label>{label}
      <select value={current} onChange={(event) => navigate(path + '?' + withValues(query, { [name]: event.currentTarget.value }))}>
        <option value="">{any}</option>
        {all.map((value) => <option key={value} value={value}>{text(value)}</option>)}
      </select>
    </label>
  );
}

function MonthSteps({ month, query }: { month: string; query: URLSearchParams }) {
  const locale = useLocale();
  const { m } = locale;
  const to = (value: string): string => address('/calendar', withValues(query, { month: value }));
  return (
    <div class="month-steps">
      <a class="button" href={to(shifted(month, -1))} aria-label={m.previousMonth}><Icon name="left" /></a>
      <h2 aria-live="polite">{locale.date(new Date(month + '-15T12:00:00Z'), { month: 'long', year: 'numeric', timeZone: 'UTC' })}</h2>
      <a class="button" href={to(shifted(month, 1))} aria-label={m.nextMonth}><Icon name="right" /></a>
      <a class="quiet-link" href={to('')}>{m.thisMonth}</a>
    </div>
  );
}

export function CalendarPage() {
  const locale = useLocale();
  const { m } = locale;
  const { query } = usePlace();
  const now = useNow();
  const asked = query.get('month');
  const month = isMonth(asked) ? asked : monthOf(now);
  const list = query.get('view') === 'list';
  const loaded = useLoaded('trainings', (signal) => listAll({ kind: 'training' }, signal));
  const all = occasionsOf(loaded.data ?? []);
  const [country, language, mode] = [query.get('country'), query.get('language'), query.get('mode')];
  const occasions = all.filter((one) => (!country || countriesOf(one).includes(country)) && (!language || languagesOf(one).includes(language)) && (!mode || modeOf(one) === mode));
  const filters = queryString({ country: country ?? '', language: language ?? '', mode: mode ?? '' });
  const today = monthOf(now) + '-' + String(now.getDate()).padStart(2, '0');
  return (
    <div class="page calendar">
      <div class="page-head">
        <h1>{m.calendarHeading}</h1>
        <Tabs label={m.viewAs} items={[
          { name: m.calendarMonth, href: address('/calendar', withValues(query, { view: '' })), current: !list },
          { name: m.calendarList, href: address('/calendar', withValues(query, { view: 'list' })), current: list },
        ]} />
      </div>
      <div class="choices">
        <Choice name="country" label={m.country} any={m.anyCountry} values={all.flatMap(countriesOf)} text={(one) => locale.country(one)} />
        <Choice name="language" label={m.language} any={m.anyLanguage} values={all.flatMap(languagesOf)} text={(one) => locale.languageName(one)} />
        <Choice name="mode" label={m.mode} any={m.anyMode} values={all.map(modeOf)} text={(one) => m.modes[one as keyof typeof m.modes] ?? one} />
      </div>
      {loaded.error && <Failure error={loaded.error} again={loaded.again} />}
      {!loaded.data && loaded.busy && <Loading />}
      {loaded.data && !list && <><MonthSteps month={month} query={query} /><Month month={month} occasions={occasions} today={today} /></>}
      {loaded.data && list && <Upcoming occasions={occasions} today={today} />}
      <p class="no-print"><a class="button" href={'/trainings.ics' + (filters && '?' + filters)} download><Icon name="calendar" /> {filters ? m.theseTrainings : m.allTrainings}</a></p>
    </div>
  );
}
