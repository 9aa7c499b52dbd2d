// The interface's language: which there are, which one is used, and what it says.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Messages } from './en';
import { fill, type Plural, type Values } from './message';
import { agoIn, dateIn, loadNames, unitIn, type LanguageNames } from './names';

export const languages = {
  en: 'English',
  pl: 'Polski',
  lv: 'Latviešu',
  sq: 'Shqip',
  es: 'Español',
} as const;
export type Language = keyof typeof languages;

const loaders: Record<Language, () => Promise<Messages>> = {
  en: async () => (await import('./en')).en,
  pl: async () => (await import('./pl')).pl,
  lv: async () => (await import('./lv')).lv,
  sq: async () => (await import('./sq')).sq,
  es: async () => (await import('./es')).es,
};

export async function loadLocale(language: Language): Promise<Locale> {
  const [messages, names] = await Promise.all([loaders[language](), loadNames(language)]);
  return new Locale(language, messages, names);
}

export const isLanguage = (text: string | null | undefined): text is Language => !!text && text in languages;

// What the address says, then what was chosen before, then what the browser prefers, then English.
export function chooseLanguage(asked: string | null, remembered: string | null, preferred: readonly string[]): Language {
  for (const tag of [asked, remembered, ...preferred]) {
    const primary = tag?.toLowerCase().split('-')[0];
    if (isLanguage(primary)) return primary;
  }
  return 'en';
}

// Texts and the formats that go with them, for one language.
export class Locale {
  private readonly plurals: Intl.PluralRules;
  private readonly numbers: Intl.NumberFormat;
  private readonly relative: Intl.RelativeTimeFormat;
  private readonly regions: Intl.DisplayNames;
  private readonly tongues: Intl.DisplayNames;

  // What dates and numbers are written by: English as most of the consortium's countries write it.
  readonly tag: string;

  constructor(
    readonly language: Language,
    readonly m: Messages,
    private readonly names: LanguageNames | null = null, // of a language that the browser lacks
  ) {
    // Albanian writes numbers as Polish does.
    this.tag = language === 'en' ? 'en-GB' : names ? 'pl' : language;
    this.plurals = new Intl.PluralRules(language);
    this.numbers = new Intl.NumberFormat(this.tag, { maximumFractionDigits: 1 });
    this.relative = new Intl.RelativeTimeFormat(this.tag, { numeric: 'always' });
    this.regions = new Intl.DisplayNames(language, { type: 'region', fallback: 'code' });
    this.tongues = new Intl.DisplayNames(language, { type: 'language', fallback: 'code' });
  }

  fill(text: string, values?: Values): string {
    return fill(text, values);
  }

  count(forms: Plural, n: number): string {
    return fill(forms[this.plurals.select(n)] ?? forms.other, { n: this.number(n) });
  }

  number(n: number): string {
    return this.numbers.format(n);
  }

  // Names fall back to the code: a record may hold a code that the browser does not know.
  country(code: string): string {
    if (this.names) return this.names.regions[code.toUpperCase()] ?? code;
    try {
      return this.regions.of(code) ?? code;
    } catch {
      return code;
    }
  }

  languageName(tag: string): string {
    try {
      const name = this.names?.languages[tag.toLowerCase()] ?? this.tongues.of(tag) ?? tag;
      return name.charAt(0).toLocaleUpperCase(this.language) + name.slice(1);
    } catch {
      return tag;
    }
  }

  date(date: Date, options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long', year: 'numeric' }): string {
    if (this.names) return dateIn(this.names, date, options);
    return new Intl.DateTimeFormat(this.tag, options).format(date);
  }

  // "3 days ago", "in 2 hours": the largest unit that is at least one.
  ago(date: Date, now: Date): string {
    const seconds = (date.getTime() - now.getTime()) / 1000;
    const units: [Intl.RelativeTimeFormatUnit, number][] = [
      ['year', 365.25 * 86400], ['month', 30.44 * 86400], ['day', 86400], ['hour', 3600], ['minute', 60],
    ];
    for (const [unit, size] of units) {
      const n = Math.trunc(seconds / size);
      if (n !== 0) return this.names ? agoIn(this.names, n, unit) : this.relative.format(n, unit);
    }
    return this.m.justNow;
  }

  // "5 min"
  measure(n: number, unit: 'second' | 'minute' | 'hour' | 'day'): string {
    if (this.names) return unitIn(this.names, n, unit);
    return new Intl.NumberFormat(this.tag, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 }).format(n);
  }

  list(items: string[]): string {
    return new Intl.ListFormat(this.tag, { type: 'unit', style: 'short' }).format(items);
  }
}

export const LocaleContext = createContext<Locale>(null as unknown as Locale);
export const useLocale = (): Locale => useContext(LocaleContext);
