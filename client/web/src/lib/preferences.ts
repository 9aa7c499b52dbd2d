// The only two things that the page keeps in the browser: the language and the colours that were chosen.
export type Theme = 'auto' | 'light' | 'dark';

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage is switched off: the page works without
  }
}

function write(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // See above.
  }
}

export const rememberedLanguage = (): string | null => read('lang');
export const rememberLanguage = (language: string): void => write('lang', language);

export function rememberedTheme(): Theme {
  const theme = read('theme');
  return theme === 'light' || theme === 'dark' ? theme : 'auto';
}
export function rememberTheme(theme: Theme): void {
  write('theme', theme === 'auto' ? null : theme);
  showTheme(theme);
}
export function showTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
