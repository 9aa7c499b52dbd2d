// Dates, countries and languages in a language that the browser knows nothing of. Chromium leaves Albanian out.
import { fill } from './message';

type Forms = { one: string; other: string }; // with {n}

export interface LanguageNames {
  regions: Record<string, string>;
  languages: Record<string, string>;
  months: { long: string[]; short: string[] }; // January first
  weekdays: { long: string[]; short: string[] }; // Sunday first
  ago: Record<string, Forms>; // by unit
  ahead: Record<string, Forms>;
  units: Record<string, Forms>;
}

const known = (language: string): boolean =>
  Intl.DisplayNames.supportedLocalesOf([language]).length > 0 && Intl.DateTimeFormat.supportedLocalesOf([language]).length > 0;

// What the browser lacks for the language; null when it lacks nothing.
export async function loadNames(language: string): Promise<LanguageNames | null> {
  return language !== 'sq' || known(language) ? null : (await import('cairn:names/sq')).names;
}

const formOf = (forms: Forms, n: number): string => fill(n === 1 ? forms.one : forms.other, { n });

// The day of the week and the month by name, in an order that Albanian shares with British English.
export function dateIn(names: LanguageNames, date: Date, options: Intl.DateTimeFormatOptions): string {
  const zone = options.timeZone ? { timeZone: options.timeZone } : {};
  const month = Number(new Intl.DateTimeFormat('en-US', { month: 'numeric', ...zone }).format(date)) - 1;
  const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(
    new Intl.DateTimeFormat('en-US', { weekday: 'short', ...zone }).format(date));
  const width = (asked: string | undefined): 'long' | 'short' => (asked === 'long' ? 'long' : 'short');
  return new Intl.DateTimeFormat('en-GB', options).formatToParts(date).map((part) => {
    if (part.type === 'month' && /\p{L}/u.test(part.value)) return names.months[width(options.month)][month];
    if (part.type === 'weekday') return names.weekdays[width(options.weekday)][weekday];
    return part.value;
  }).join('');
}

export function agoIn(names: LanguageNames, n: number, unit: string): string {
  const forms = (n > 0 ? names.ahead : names.ago)[unit];
  return forms ? formOf(forms, Math.abs(n)) : '';
}

export const unitIn = (names: LanguageNames, n: number, unit: string): string => {
  const forms = names.units[unit];
  return forms ? formOf(forms, Math.round(n)) : '';
};
