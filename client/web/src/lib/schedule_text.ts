// On which days, in words.
import type { Locale } from '../i18n';
import type { Schedule } from './api';
import { sampleDay, weekdayCodes } from './schedule';

// "Monday, Wednesday" of a rule's weekdays; five and seven in a row get one name.
function weekdaysText(byday: string, locale: Locale): string {
  const codes = byday.split(',').map((one) => one.trim().replace(/^[+-]?\d/, ''));
  const name = (code: string, width: 'long' | 'short'): string => locale.date(sampleDay(code), { weekday: width, timeZone: 'UTC' });
  const places = codes.map((code) => weekdayCodes.indexOf(code as 'MO'));
  const inARow = places.every((place, i) => i === 0 || place === (places[i - 1] ?? 0) + 1);
  if (codes.length === 7) return locale.m.everyDay;
  if (inARow && codes.length > 2) return name(codes[0] ?? '', 'long') + ' – ' + name(codes.at(-1) ?? '', 'long');
  return locale.list(codes.map((code) => name(code, codes.length > 1 ? 'short' : 'long')));
}

const monthDayText = (day: string, locale: Locale): string =>
  Number(day) === -1 ? locale.m.lastDay : Number(day) < 0 ? `${locale.m.lastDay} − ${-Number(day) - 1}` : locale.number(Number(day));

// Empty where the rule says more than there are words for: better nothing than days on which nobody is there.
export function daysText({ freq, byday, bymonthday, byweekno, byyearday, interval }: Schedule, locale: Locale): string {
  const { m } = locale;
  if (/\d/.test(byday ?? '') || byweekno || byyearday) return '';
  // Which weeks these are, its first day says; of months and years there are no words.
  const every = interval ?? 1;
  if (every > 1 && (freq !== 'WEEKLY' || !byday)) return '';
  const ofMonth = bymonthday && locale.fill(m.monthDays, { days: bymonthday.split(',').map((one) => monthDayText(one, locale)).join(', ') });
  const ofWeek = byday ? weekdaysText(byday, locale) : freq === 'DAILY' && !bymonthday ? m.everyDay : '';
  return [ofWeek, every > 1 && locale.count(m.everyWeeks, every), ofMonth].filter(Boolean).join(' · ');
}
