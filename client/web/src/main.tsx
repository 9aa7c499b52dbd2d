// Starts the page: finds the language, then takes the place of the plain page that the node sent.
import { render } from 'preact';
import { App } from './app';
import { chooseLanguage, loadLocale } from './i18n';
import { rememberedLanguage } from './lib/preferences';

const choose = (asked: string | null) => chooseLanguage(asked, rememberedLanguage(), navigator.languages);

async function start(): Promise<void> {
  const root = document.getElementById('app');
  if (!root) return;
  const language = choose(new URLSearchParams(location.search).get('lang'));
  const locale = await loadLocale(language);
  root.replaceChildren();
  render(<App first={locale} choose={choose} />, root);
}

void start();
