// Opening hours from HSDS schedules: RFC 5545 rules with a daily interval, in the time zone of the place.
//
// What a wrong answer costs decides what is answered at all: a rule with a part that is not understood here, or times
// without a zone, make the state unknown, and the page shows the hours in words instead.
import type { Schedule } from './api';

export type OpenState =
  | { state: 'always' }
  | { state: 'open'; until: Date }
  | { state: 'closed'; opens: Date | null }
  | { state: 'unknown' };

const day_ms = 86_400_000;
const days_ahead = 35; // a monthly hour shows its next time
const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

// Days are numbers since 1970-01-01, without a zone.
export const dayNumber = (date: string): number => Math.floor(Date.parse(date + 'T00:00:00Z') / day_ms);
const dayDate = (day: number): Date => new Date(day * day_ms);
const weekdayOf = (day: number): string => weekdays[dayDate(day).getUTCDay()] ?? '';

const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
      second: 'numeric',
    });
    clocks.set(zone, clock);
  }
  return clock;
}

// What the clocks in `zone` show at a moment, as if it were UTC.
function localMillis(moment: number, zone: string): number {
  const parts: Record<string, number> = {};
  for (const part of clockOf(zone).formatToParts(moment)) parts[part.type] = Number(part.value);
  const p = (name: string): number => parts[name] ?? 0;
  return Date.UTC(p('year'), p('month') - 1, p('day'), p('hour'), p('minute'), p('second'));
}

// The moment at which the clocks in `zone` show this. Twice, since the first guess may lie across a change of the clocks.
export function momentOf(local: number, zone: string): number {
  let moment = local - (localMillis(local, zone) - local);
  moment = local - (localMillis(moment, zone) - moment);
  return moment;
}

export function isTimeZone(zone: string | undefined): zone is string {
  if (!zone) return false;
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

function minutesOf(time: string | undefined): number | null {
  const match = /^(\d{1,2}):(\d{2})(:\d{2})?$/.exec(time ?? '');
  return match ? Number(match[1]) * 60 + Number(match[2]) : null;
}

const isListOf = (one: RegExp, list: string | undefined): boolean => !list || list.split(',').every((part) => one.test(part.trim()));

// Whether every part of the rule is one that `falls` understands, and one that goes with its frequency.
function isUnderstood(schedule: Schedule): boolean {
  const { freq = '', byday, bymonthday, dtstart, interval } = schedule;
  if (schedule.byweekno || schedule.byyearday || schedule.count) return false;
  if (!['', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(freq)) return false;
  if (!isListOf(/^[+-]?\d?(MO|TU|WE|TH|FR|SA|SU)$/, byday) || !isListOf(/^[+-]?(0?[1-9]|[12]\d|3[01])$/, bymonthday)) return false;
  if (freq !== 'MONTHLY' && /\d/.test(byday ?? '')) return false; // "the first Wednesday" of what?
  if (bymonthday && freq !== 'DAILY' && freq !== 'MONTHLY') return false;
  if (freq === 'MONTHLY' && !byday && !bymonthday && !dtstart) return false;
  if (freq === 'YEARLY' && (byday || !dtstart)) return false;
  return (interval ?? 1) <= 1 || Boolean(dtstart);
}

// Whether a weekday with an ordinal ("1WE", "-1FR") is this day of its month.
function matchesByday(byday: string, day: number, ordinals: boolean): boolean {
  const date = dayDate(day);
  const inMonth = date.getUTCDate();
  const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return byday.split(',').some((one) => {
    const match = /^([+-]?\d)?(\w\w)$/.exec(one.trim());
    if (!match || match[2] !== weekdayOf(day)) return false;
    const nth = match[1] ? Number(match[1]) : 0;
    if (!nth || !ordinals) return nth === 0;
    return nth > 0 ? Math.ceil(inMonth / 7) === nth : Math.ceil((length - inMonth + 1) / 7) === -nth;
  });
}

function matchesMonthDay(bymonthday: string, day: number): boolean {
  const date = dayDate(day);
  const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return bymonthday.split(',').map(Number).some((n) => (n > 0 ? n : length + 1 + n) === date.getUTCDate());
}

const weekStart = (day: number, wkst: string): number => {
  const offset = (weekdays.indexOf(weekdayOf(day)) - weekdays.indexOf(wkst) + 7) % 7;
  return day - offset;
};
const monthNumber = (day: number): number => dayDate(day).getUTCFullYear() * 12 + dayDate(day).getUTCMonth();

// Whether the schedule has an occurrence that begins on this day.
export function falls(schedule: Schedule, day: number): boolean {
  if (schedule.validFrom && day < dayNumber(schedule.validFrom)) return false;
  if (schedule.validTo && day > dayNumber(schedule.validTo)) return false;
  if (schedule.until && day > dayNumber(schedule.until)) return false;
  const start = schedule.dtstart ? dayNumber(schedule.dtstart) : null;
  if (start !== null && day < start) return false;
  const interval = schedule.interval || 1;
  switch (schedule.freq || '') {
    case '':
      return start === null ? Boolean(schedule.byday) && matchesByday(schedule.byday ?? '', day, false) : day === start;
    case 'DAILY':
      if (start !== null && (day - start) % interval !== 0) return false;
      if (schedule.bymonthday && !matchesMonthDay(schedule.bymonthday, day)) return false;
      return !schedule.byday || matchesByday(schedule.byday, day, false);
    case 'WEEKLY': {
      const wkst = schedule.wkst || 'MO';
      if (start !== null && ((weekStart(day, wkst) - weekStart(start, wkst)) / 7) % interval !== 0) return false;
      if (schedule.byday) return matchesByday(schedule.byday, day, false);
      return start === null || weekdayOf(day) === weekdayOf(start);
    }
    case 'MONTHLY': {
      if (start !== null && (monthNumber(day) - monthNumber(start)) % interval !== 0) return false;
      if (schedule.bymonthday && !matchesMonthDay(schedule.bymonthday, day)) return false;
      if (schedule.byday) return matchesByday(schedule.byday, day, true);
      return Boolean(schedule.bymonthday) || (start !== null && dayDate(day).getUTCDate() === dayDate(start).getUTCDate());
    }
    default: {
      if (start === null) return false;
      const from = dayDate(start);
      const date = dayDate(day);
      return from.getUTCMonth() === date.getUTCMonth() && from.getUTCDate() === date.getUTCDate() &&
        (date.getUTCFullYear() - from.getUTCFullYear()) % interval === 0;
    }
  }
}

interface Span { from: number; to: number }

// The times around `now` at which the schedule is open, as moments.
function spansOf(schedule: Schedule, zone: string, now: number): Span[] {
  const opens = minutesOf(schedule.opensAt);
  const closes = minutesOf(schedule.closesAt);
  const today = Math.floor(localMillis(now, zone) / day_ms);
  const spans: Span[] = [];
  for (let day = today - 1; day <= today + days_ahead; ++day) {
    if (!falls(schedule, day)) continue;
    const from = opens ?? 0;
    const end = closes ?? 24 * 60;
    const to = end > from ? end : end + 24 * 60; // closes on the next day
    spans.push({ from: momentOf(day * day_ms + from * 60_000, zone), to: momentOf(day * day_ms + to * 60_000, zone) });
  }
  return spans;
}

// Spans that touch become one: a day that ends at midnight goes on in the next.
function merged(spans: Span[]): Span[] {
  const result: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else result.push({ ...span });
  }
  return result;
}

// What the schedules together say about `now`.
export function openState(schedules: Schedule[] | undefined, now: Date): OpenState {
  if (!schedules?.length) return { state: 'unknown' };
  const spans: Span[] = [];
  for (const schedule of schedules) {
    if (!isTimeZone(schedule.timeZone) || !isUnderstood(schedule)) return { state: 'unknown' };
    if (minutesOf(schedule.opensAt) === null && minutesOf(schedule.closesAt) === null && (schedule.opensAt || schedule.closesAt)) {
      return { state: 'unknown' };
    }
    // Hours that were typed as words only are no hours.
    if (!schedule.freq && !schedule.dtstart && !schedule.byday) return { state: 'unknown' };
    spans.push(...spansOf(schedule, schedule.timeZone, now.getTime()));
  }
  const at = now.getTime();
  for (const span of merged(spans)) {
    if (at < span.from) return { state: 'closed', opens: new Date(span.from) };
    if (at >= span.to) continue;
    return span.to - at > 14 * day_ms ? { state: 'always' } : { state: 'open', until: new Date(span.to) };
  }
  return { state: 'closed', opens: null };
}

// Monday first, for tables of hours.
export const weekdayCodes = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;
// A day in the week 2024-01-01 (a Monday), to name weekdays by.
export const sampleDay = (code: string): Date => new Date(Date.UTC(2024, 0, 1 + weekdayCodes.indexOf(code as 'MO'), 12));
