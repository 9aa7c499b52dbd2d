// Small things that several pages show.
import type { ComponentChildren, JSX } from 'preact';
import { useContext } from 'preact/hooks';
import { createContext } from 'preact';
import { bodyOf, type ApiError, type Entry, type Kind, type Partner } from '../lib/api';
import { phoneHref, readablePhone, safeHref, shortAddress } from '../lib/links';
import { address } from '../lib/router';
import { openState, type OpenState } from '../lib/schedule';
import type { FacetName } from '../lib/search_state';
import { passages, type Text } from '../lib/text';
import { useLocale, type Locale } from '../i18n';
import { Icon, kindIcons } from './icons';
import { PartnerStone } from './cairn';

export const PartnersContext = createContext<Map<string, Partner>>(new Map());
export const usePartners = (): Map<string, Partner> => useContext(PartnersContext);

// A text of a record: never markup, in its own language and direction.
export function Words({ text, as: Tag = 'span', class: name }: { text: Text | null; as?: 'span' | 'p' | 'div'; class?: string }) {
  if (!text) return null;
  return <Tag class={name} dir="auto" lang={text.language}>{text.text}</Tag>;
}

// A web address of a record: a link when it is safe to follow, else its letters.
export function SafeLink({ href, children }: { href: string | undefined; children?: ComponentChildren }) {
  const safe = safeHref(href);
  if (!safe) return <span class="address" dir="auto">{href}</span>;
  return <a href={safe} rel="noreferrer noopener nofollow" class="address">{children ?? shortAddress(href ?? '')}</a>;
}

export function PhoneLink({ number, extension }: { number: string; extension?: string }) {
  const href = phoneHref(number, extension);
  const shown = <bdi dir="ltr">{readablePhone(number)}</bdi>;
  return href ? <a class="phone" href={href}>{shown}</a> : shown;
}

export function KindLabel({ kind }: { kind: string }) {
  const { m } = useLocale();
  return (
    <span class="kind">
      <Icon name={kindIcons[kind] ?? 'book'} size={18} /> {m.kinds[kind as keyof typeof m.kinds] ?? m.kindUnknown}
    </span>
  );
}

// When somebody last confirmed that the entry is right.
export function Freshness({ entry, now }: { entry: Entry; now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  const { verifiedAt } = entry.record;
  if (!verifiedAt) return <span class="badge warn"><Icon name="alert" size={16} /> {m.neverVerified}</span>;
  const ago = locale.ago(new Date(verifiedAt), now);
  if (entry.stale) return <span class="badge warn"><Icon name="alert" size={16} /> {locale.fill(m.verifyOverdue, { ago })}</span>;
  return <span class="badge good"><Icon name="check" size={16} /> {locale.fill(m.verifiedAgo, { ago })}</span>;
}

// "tomorrow 09:00", in the reader's own time.
export function clockText(locale: Locale, when: Date, now: Date): string {
  const time = locale.date(when, { hour: '2-digit', minute: '2-digit' });
  const days = Math.round((new Date(when).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return time;
  if (days < 7) return locale.date(when, { weekday: 'long' }) + ' ' + time;
  return locale.date(when, { day: 'numeric', month: 'short' }) + ' ' + time;
}

export function openStateOf(entry: Entry, now: Date): OpenState {
  const body = bodyOf(entry.record);
  const schedules = body.schedules?.length ? body.schedules : (body.serviceAtLocations ?? []).flatMap((one) => one.schedules ?? []);
  return openState(schedules, now);
}

export function Opening({ entry, now }: { entry: Entry; now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  if (entry.kind !== 'SERVICE' && entry.kind !== 'LOCATION') return null;
  const status = bodyOf(entry.record).status;
  if (status === 'temporarily closed') return <span class="badge shut">{m.temporarilyClosed}</span>;
  if (status === 'defunct') return <span class="badge shut">{m.defunct}</span>;
  if (status === 'inactive') return <span class="badge shut">{m.inactive}</span>;
  const state = openStateOf(entry, now);
  switch (state.state) {
    case 'always': return <span class="badge open"><Icon name="clock" size={16} /> {m.openAlways}</span>;
    case 'open': return <span class="badge open"><Icon name="clock" size={16} /> {locale.fill(m.openUntil, { time: clockText(locale, state.until, now) })}</span>;
    case 'closed':
      return (
        <span class="badge shut"><Icon name="clock" size={16} />{' '}
          {state.opens ? locale.fill(m.closedOpens, { time: clockText(locale, state.opens, now) }) : m.closed}</span>
      );
    default: return null;
  }
}

// Who stands for the entry, and whether it still does.
export function Vouching({ partner }: { partner: string }) {
  const { m } = useLocale();
  const found = usePartners().get(partner);
  const status = found?.status ?? 'active';
  return (
    <span class="vouching">
      <PartnerStone id={partner} />
      <span class="vouching-name"><span class="visually-hidden">{m.facetPartner} </span><bdi>{found?.name || partner}</bdi></span>
      {status === 'suspended' && <span class="badge bad" title={m.partnerSuspended}>{m.suspended}</span>}
      {status === 'retired' && <span class="badge bad" title={m.partnerRetired}>{m.retired}</span>}
    </span>
  );
}

export function Passage({ snippet, language }: { snippet: string; language?: string }) {
  return (
    <p class="snippet" dir="auto" lang={language}>
      {passages(snippet).map((part, i) => (part.found ? <mark key={i}>{part.text}</mark> : part.text))}
    </p>
  );
}

export function Failure({ error, again }: { error: ApiError; again: () => void }) {
  const { m } = useLocale();
  const isGone = error.status === 404;
  return (
    <div class="notice" role="alert">
      <h2>{isGone ? m.notFound : m.failed}</h2>
      <p>{isGone ? m.notFoundHint : error.status === 0 ? m.failedOffline : error.message}</p>
      {isGone ? <a class="button" href={address('/')}>{m.backToSearch}</a> : <button type="button" class="button" onClick={again}>{m.tryAgain}</button>}
    </div>
  );
}

export const Loading = () => <p class="loading" role="status"><span class="pebbles" aria-hidden="true"><i /><i /><i /></span>{useLocale().m.loading}</p>;

export function termLabel(locale: Locale, value: string): string {
  const code = value.slice(value.lastIndexOf(':') + 1);
  const known = locale.m.topics as Record<string, string>;
  return Object.hasOwn(known, code) ? known[code]! : code.replaceAll(/[-_]/g, ' ');
}

// One of two or three views, as links so that each has its address.
export function Tabs({ label, items }: { label: string; items: { name: string; href: string; current: boolean }[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {items.map((item) => (
        <a key={item.name} href={item.href} aria-current={item.current ? 'true' : undefined}>{item.name}</a>
      ))}
    </nav>
  );
}

export const submitted = (event: JSX.TargetedSubmitEvent<HTMLFormElement> | Event): FormData => {
  event.preventDefault();
  return new FormData(event.currentTarget as HTMLFormElement);
};

// What a value of a facet is called.
export function facetLabel(locale: Locale, partners: Map<string, Partner>, name: FacetName, value: string): string {
  switch (name) {
    case 'kind': return locale.m.kindsPlural[value.toUpperCase() as Kind] ?? value;
    case 'country': return locale.country(value);
    case 'language': return locale.languageName(value);
    case 'term': return termLabel(locale, value);
    case 'mode': return locale.m.modes[value as keyof typeof locale.m.modes] ?? value;
    case 'freshness': return locale.m.freshness[value as keyof typeof locale.m.freshness] ?? value;
    case 'month': return /^\d{4}-\d\d$/.test(value) ? locale.date(new Date(value + '-15T12:00:00'), { month: 'long', year: 'numeric' }) : value;
    default: return partners.get(value)?.name || value;
  }
}
