// Forms of a text that depends on a number, by the rules of the language (Intl.PluralRules).
export type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;
export type Values = Record<string, string | number>;

// Fills the words in braces. A word that has no value stays as it is, so that a mistake is seen.
export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
