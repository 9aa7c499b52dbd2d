// Addresses in records are other people's texts. Only those of four schemes become links; any other is shown as text.
const schemes = new Set(['http:', 'https:', 'mailto:', 'tel:']);

// The address to link to, or null when it may only be shown. The URL parser decides, not a comparison of texts: it sees
// through line breaks and letter case inside a scheme.
export function safeHref(address: string | undefined): string | null {
  if (!address) return null;
  try {
    const url = new URL(address.trim());
    return schemes.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// "https://www.example.org/" -> "example.org": what a person reads.
export function shortAddress(address: string): string {
  return address.replace(/^https?:\/\/(www\.)?/i, '').replace(/^(mailto|tel):/i, '').replace(/\/$/, '');
}

const digits = (text: string): string => text.replace(/[^\d+]/g, '');

export function phoneHref(number: string, extension?: string): string | null {
  const dialled = digits(number);
  return dialled ? 'tel:' + dialled + (extension ? ';ext=' + digits(extension) : '') : null;
}

// "+48225550110" is easier to read, and to say on the telephone, in groups. Short codes: threes.
export function readablePhone(number: string): string {
  if (!number.startsWith('+')) return number.replace(/(\d{3})(?=\d{3})/g, '$1 ');
  return number.replace(/^(\+\d{2,3}?)(\d{2,3}?)((?:\d{3})*\d{3})$/, (_, country: string, area: string, rest: string) =>
    [country, area, ...(rest.match(/\d{3}/g) ?? [])].join(' '));
}
