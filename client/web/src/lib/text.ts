// The texts of a record in the language that suits the reader.
import { bodyOf, type CairnRecord, type Entry } from './api';

export interface Text { text: string; language: string | undefined; translated: boolean }

const primary = (tag: string): string => tag.toLowerCase().split('-')[0] ?? '';

// Tags of the languages that the record has texts in; the first is its own.
export function textLanguages(record: CairnRecord): string[] {
  const own = record.language ? [record.language] : [];
  return [...own, ...(record.translations ?? []).map((one) => one.language ?? '').filter((tag) => tag && !own.includes(tag))];
}

// The first of `preferred` that the record has: the tag itself, else a relative of it.
export function pickTextLanguage(record: CairnRecord, preferred: readonly string[]): string {
  const available = textLanguages(record);
  for (const wanted of preferred) {
    const exact = available.find((tag) => tag.toLowerCase() === wanted.toLowerCase());
    const found = exact ?? available.find((tag) => primary(tag) === primary(wanted));
    if (found) return found;
  }
  return available[0] ?? '';
}

// "outcomes[0]", "phones[1].description": from the path in a translation to the field in the body's JSON.
function fieldAt(body: object, path: string): string | undefined {
  let at: unknown = body;
  for (const step of path.split(/[.[\]]+/).filter(Boolean)) {
    if (at === null || typeof at !== 'object') return undefined;
    const name = step.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    at = (at as Record<string, unknown>)[name];
  }
  return typeof at === 'string' ? at : undefined;
}

// Reads texts of one record in one language, the record's own where there is no translation.
export class Texts {
  private readonly translation: { [path: string]: string };

  constructor(
    private readonly record: CairnRecord,
    readonly language: string,
  ) {
    const found = record.translations?.find((one) => one.language === language);
    this.translation = language === record.language ? {} : (found?.texts ?? {});
  }

  at(path: string): Text | null {
    const translated = Object.hasOwn(this.translation, path) ? this.translation[path] : undefined;
    if (translated) return { text: translated, language: this.language, translated: true };
    const own = fieldAt(bodyOf(this.record), path);
    if (!own) return null;
    return { text: own, language: this.record.language, translated: false };
  }
}

// What a list shows for an entry: its name; of a place without one, its address.
export function titleOf(entry: Entry, preferred: readonly string[]): Text {
  const { record } = entry;
  const name = new Texts(record, pickTextLanguage(record, preferred)).at('name');
  if (name) return name;
  const address = bodyOf(record).addresses?.[0];
  const text = [address?.address1, address?.city].filter(Boolean).join(', ') || record.id;
  return { text, language: record.language, translated: false };
}

// A passage as the search gives it: the words found stand between U+E000 and U+E001.
export function passages(snippet: string): { text: string; found: boolean }[] {
  const parts: { text: string; found: boolean }[] = [];
  for (const piece of snippet.split('\uE000')) {
    const [marked, rest] = piece.includes('\uE001') ? piece.split('\uE001', 2) : ['', piece];
    if (marked) parts.push({ text: marked, found: true });
    if (rest) parts.push({ text: rest.replaceAll('\uE001', ''), found: false });
  }
  return parts;
}
