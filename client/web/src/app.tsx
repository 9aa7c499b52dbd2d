// The frame around every page: what is on top, what is at the foot, and which page is between.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { languages, loadLocale, LocaleContext, useLocale, type Language, type Locale } from './i18n';
import { get, setAcceptLanguage, type Partner } from './lib/api';
import { leave, leaveOnEscapeTwice, neutral_page } from './lib/leave';
import { rememberLanguage, rememberedTheme, rememberTheme, type Theme } from './lib/preferences';
import { address, followLink, here, navigate, onNavigate, PlaceContext, usePlace, withValues } from './lib/router';
import { useLoaded } from './lib/use';
import { SearchPage } from './pages/search';
import { CairnMark } from './ui/cairn';
import { Icon } from './ui/icons';
import { Loading, PartnersContext } from './ui/parts';

// Pages that not every visitor opens come when they are needed.
const pages: Record<string, () => Promise<ComponentType>> = {
  '/records': async () => (await import('./pages/record')).RecordPage,
  '/calendar': async () => (await import('./pages/calendar')).CalendarPage,
  '/consortium': async () => (await import('./pages/consortium')).ConsortiumPage,
  '/about': async () => (await import('./pages/about')).AboutPage,
};

function LazyPage({ name }: { name: string }) {
  const [Page, setPage] = useState<ComponentType | null>(null);
  useEffect(() => {
    let wanted = true;
    pages[name]?.().then((page) => wanted && setPage(() => page), () => location.reload());
    return () => { wanted = false; };
  }, [name]);
  return Page ? <Page /> : <Loading />;
}

function Nav() {
  const { m } = useLocale();
  const { path } = usePlace();
  const items: [string, string][] = [['/', m.navSearch], ['/calendar', m.navCalendar], ['/consortium', m.navConsortium], ['/about', m.navAbout]];
  return (
    <nav class="menu" aria-label={m.nav}>
      {items.map(([to, name]) => <a key={to} href={address(to)} aria-current={path === to ? 'page' : undefined}>{name}</a>)}
    </nav>
  );
}

function Header() {
  const { m } = useLocale();
  return (
    <header class="top">
      <a class="skip" href="#content">{m.skip}</a>
      <div class="top-inner">
        <a class="brand" href={address('/')}><CairnMark /> <span>Cairn</span></a>
        <Nav />
        <a class="leave" href={neutral_page} rel="noreferrer" title={m.leaveHint}
          onClick={(event) => { event.preventDefault(); event.stopPropagation(); leave(); }}>
          <Icon name="exit" size={18} /> {m.leave}
        </a>
      </div>
    </header>
  );
}

function Footer() {
  const { m, language } = useLocale();
  const { path, query } = usePlace();
  const [theme, setTheme] = useState<Theme>(rememberedTheme());
  const names: Record<Theme, string> = { auto: m.themeAuto, light: m.themeLight, dark: m.themeDark };
  return (
    <footer class="foot">
      <div class="foot-inner">
        <p class="motto"><CairnMark size={28} /> {m.footer}</p>
        <label>{m.language}
          <select value={language} onChange={(event) => {
            rememberLanguage(event.currentTarget.value);
            navigate(path + '?' + withValues(query, { lang: event.currentTarget.value }), { replace: true });
          }}>
            {Object.entries(languages).map(([tag, name]) => <option key={tag} value={tag} lang={tag}>{name}</option>)}
          </select>
        </label>
        <label>{m.theme}
          <select value={theme} onChange={(event) => {
            const chosen = event.currentTarget.value as Theme;
            setTheme(chosen);
            rememberTheme(chosen);
          }}>
            {(Object.keys(names) as Theme[]).map((one) => <option key={one} value={one}>{names[one]}</option>)}
          </select>
        </label>
        <p class="small">{m.leaveHint}</p>
      </div>
    </footer>
  );
}

function Content() {
  const { path } = usePlace();
  const { m } = useLocale();
  if (path === '/') return <SearchPage />;
  const name = path.startsWith('/records/') ? '/records' : path;
  if (pages[name]) return <LazyPage key={path} name={name} />;
  return <div class="notice"><h1>{m.notFound}</h1><a class="button" href={address('/')}>{m.backToSearch}</a></div>;
}

// After a step to another page, readers of screens and keyboards go on at its start.
function useFocusOnNewPage(path: string) {
  const [first, setFirst] = useState(path);
  useEffect(() => {
    if (path === first) return;
    setFirst(path);
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [path]);
}

function Frame({ locale }: { locale: Locale }) {
  const { path } = usePlace();
  const partners = useLoaded('partners', (signal) => get<{ partners?: Partner[] }>('/api/partners', {}, signal));
  useFocusOnNewPage(path);
  useEffect(leaveOnEscapeTwice, []);
  const byId = new Map((partners.data?.partners ?? []).map((one) => [one.id, one]));
  return (
    <LocaleContext.Provider value={locale}>
      <PartnersContext.Provider value={byId}>
        <div onClick={followLink}>
          <Header />
          <main id="content" tabIndex={-1}><Content /></main>
          <Footer />
        </div>
      </PartnersContext.Provider>
    </LocaleContext.Provider>
  );
}

export function App({ first, choose }: { first: Locale; choose: (asked: string | null) => Language }) {
  const [place, setPlace] = useState(here);
  const [locale, setLocale] = useState(first);
  useEffect(() => onNavigate(() => setPlace(here())), []);
  const wanted = choose(place.query.get('lang'));
  useEffect(() => {
    let current = true;
    if (wanted !== locale.language) void loadLocale(wanted).then((loaded) => current && setLocale(loaded));
    return () => { current = false; };
  }, [wanted]);
  setAcceptLanguage([locale.language, ...navigator.languages]);
  useEffect(() => {
    document.documentElement.lang = locale.language;
    document.documentElement.dir = 'ltr';
    if (!place.path.startsWith('/records/')) document.title = locale.m.title;
  }, [locale, place.path]);
  return <PlaceContext.Provider value={place}><Frame locale={locale} /></PlaceContext.Provider>;
}
