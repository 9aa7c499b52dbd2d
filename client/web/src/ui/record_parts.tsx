// The parts of a record's page.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocale } from '../i18n';
import { bodyOf, entryById, type Contact, type CostOption, type Entry, type Phone, type Schedule, type SpokenLanguage, type WebAddress } from '../lib/api';
import { daysText } from '../lib/schedule_text';
import { titleOf, type Texts } from '../lib/text';
import { recordPath } from './card';
import { Icon } from './icons';
import { PhoneLink, SafeLink, Words } from './parts';

export function Section({ title, children, name }: { title: string; children: ComponentChildren; name?: string }) {
  return <section class={'record-section ' + (name ?? '')}><h2>{title}</h2>{children}</section>;
}

// One line of a list of facts; nothing when there is nothing to say.
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (children === null || children === undefined || children === false || children === '' || (Array.isArray(children) && !children.length)) return null;
  return <div class="fact"><dt>{name}</dt><dd>{children}</dd></div>;
}

export const TextFact = ({ name, texts, path }: { name: string; texts: Texts; path: string }) => {
  const text = texts.at(path);
  return text ? <Fact name={name}><Words text={text} /></Fact> : null;
};

export function Languages({ items }: { items: (SpokenLanguage | string)[] | undefined }) {
  const locale = useLocale();
  const list = (items ?? []).map((one) => (typeof one === 'string' ? { code: one } : one));
  if (!list.length) return null;
  return (
    <ul class="inline">
      {list.map((one, i) => (
        <li key={i}>{one.code ? locale.languageName(one.code) : <bdi>{one.name}</bdi>}{one.note && <> (<bdi>{one.note}</bdi>)</>}</li>
      ))}
    </ul>
  );
}

export function Phones({ phones, texts, path }: { phones: Phone[] | undefined; texts: Texts; path: string }) {
  const locale = useLocale();
  const { m } = locale;
  if (!phones?.length) return null;
  return (
    <ul class="reach">
      {phones.map((phone, i) => {
        const description = texts.at(`${path}[${i}].description`);
        const kind = phone.type === 'fax' ? m.fax : phone.type === 'text' ? m.text : m.phone;
        return (
          <li key={i}>
            <Icon name="phone" />
            <div>
              <span class="visually-hidden">{kind}: </span>
              <PhoneLink number={phone.number ?? ''} extension={phone.extension} />
              {phone.type === 'fax' && ` (${m.fax})`}
              {phone.extension && ' ' + locale.fill(m.extension, { ext: phone.extension })}
              {phone.shortCode && phone.country && <span class="hint"> {locale.fill(m.shortCode, { country: locale.country(phone.country) })}</span>}
              {description && <p class="hint"><Words text={description} /></p>}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

export function Mail({ email }: { email: string | undefined }) {
  if (!email) return null;
  return <ul class="reach"><li><Icon name="mail" /><div><SafeLink href={'mailto:' + email}><bdi>{email}</bdi></SafeLink></div></li></ul>;
}

export function WebAddresses({ first, more }: { first: string | undefined; more: WebAddress[] | undefined }) {
  const all = [...(first ? [{ url: first }] : []), ...(more ?? [])] as WebAddress[];
  if (!all.length) return null;
  return (
    <ul class="reach">
      {all.map((one, i) => (
        <li key={i}><Icon name="link" /><div><SafeLink href={one.url} />{one.label && <p class="hint"><bdi>{one.label}</bdi></p>}</div></li>
      ))}
    </ul>
  );
}

export function Contacts({ contacts, texts, path }: { contacts: Contact[] | undefined; texts: Texts; path: string }) {
  if (!contacts?.length) return null;
  return (
    <>
      {contacts.map((one, i) => (
        <div key={i} class="contact">
          <p><strong><Words text={texts.at(`${path}[${i}].name`)} /></strong>{' '}
            <Words text={texts.at(`${path}[${i}].title`)} /> <Words text={texts.at(`${path}[${i}].department`)} /></p>
          <Phones phones={one.phones} texts={texts} path={`${path}[${i}].phones`} />
          <Mail email={one.email} />
        </div>
      ))}
    </>
  );
}

const clock = (time: string | undefined): string => (time ?? '').slice(0, 5);

export function Hours({ schedules, texts, path }: { schedules: Schedule[] | undefined; texts: Texts; path: string }) {
  const locale = useLocale();
  const { m } = locale;
  if (!schedules?.length) return null;
  const zones = [...new Set(schedules.map((one) => one.timeZone).filter(Boolean))];
  return (
    <>
      <ul class="hours">
        {schedules.map((one, i) => {
          const days = daysText(one, locale);
          const times = one.opensAt || one.closesAt ? `${clock(one.opensAt)} – ${clock(one.closesAt)}` : days ? m.allDay : '';
          const words = texts.at(`${path}[${i}].description`);
          return (
            <li key={i}>
              {days && <span class="days">{days}</span>} {(days || !words) && times && <bdi class="times">{times}</bdi>}
              {!days && words && times && <bdi class="times">{times}</bdi>}
              {words && <p class="hint"><Words text={words} /></p>}
              <Words text={texts.at(`${path}[${i}].notes`)} as="p" class="hint" />
              {one.scheduleLink && <SafeLink href={one.scheduleLink} />}
            </li>
          );
        })}
      </ul>
      {zones.length > 0 && <p class="hint">{locale.fill(m.timesIn, { zone: zones.join(', ').replaceAll('_', ' ') })}</p>}
    </>
  );
}

export function Costs({ options }: { options: CostOption[] | undefined }) {
  const locale = useLocale();
  if (!options?.length) return null;
  return (
    <ul class="plain">
      {options.map((one, i) => {
        const amount = Number(one.amount);
        const price = one.amount === undefined || one.amount === '' ? '' : amount === 0 ? locale.m.free : money(locale.tag, one.amount, one.currency);
        return <li key={i}>{price} {one.option && <bdi class="hint">{one.option}</bdi>} <bdi>{one.amountDescription}</bdi></li>;
      })}
    </ul>
  );
}

function money(language: string, amount: string, currency: string | undefined): string {
  try {
    return new Intl.NumberFormat(language, { style: 'currency', currency: currency ?? '' }).format(Number(amount));
  } catch {
    return amount + ' ' + (currency ?? '');
  }
}

// Entries that this one refers to by id. What is not there, or may not be read, is left out.
export function useEntries(ids: (string | undefined)[]): Entry[] {
  const wanted = ids.filter((id): id is string => Boolean(id)).slice(0, 50);
  const [found, setFound] = useState<Entry[]>([]);
  useEffect(() => {
    let current = true;
    void Promise.all(wanted.map(entryById)).then((all) => current && setFound(all.filter((one) => one !== null)));
    return () => { current = false; };
  }, [wanted.join()]);
  return found;
}

export function EntryLinks({ ids }: { ids: (string | undefined)[] }) {
  const { language } = useLocale();
  const found = useEntries(ids);
  if (!found.length) return null;
  return (
    <ul class="plain">
      {found.map((entry) => {
        const title = titleOf(entry, [language, ...navigator.languages]);
        return <li key={entry.record.id}><a href={recordPath(entry)} dir="auto" lang={title.language}>{title.text}</a></li>;
      })}
    </ul>
  );
}

// A fact that appears only when the entries it names are there.
export function EntriesFact({ name, ids }: { name: string; ids: (string | undefined)[] }) {
  const found = useEntries(ids);
  return found.length ? <Fact name={name}><EntryLinks ids={ids} /></Fact> : null;
}

export function PlaceCards({ ids, texts }: { ids: { id: string | undefined; path?: string }[]; texts: Texts }) {
  const locale = useLocale();
  const { language, m } = locale;
  const found = useEntries(ids.map((one) => one.id));
  if (!found.length) return null;
  return (
    <Section title={m.places}>
      <ul class="place-cards">
        {found.map((entry) => {
          const title = titleOf(entry, [language, ...navigator.languages]);
          const body = bodyOf(entry.record);
          const local = ids.find((one) => one.id === entry.record.id)?.path;
          return (
            <li key={entry.record.id}>
              <a href={recordPath(entry)} dir="auto" lang={title.language}>{title.text}</a>
              <PostalAddresses entry={entry} />
              {local && <Words text={texts.at(local + '.description')} as="p" class="hint" />}
              {body.accessibility?.length ? <p class="hint"><bdi>{locale.list(body.accessibility.map((one) => one.description ?? ''))}</bdi></p> : null}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

export function PostalAddresses({ entry }: { entry: Entry }) {
  const locale = useLocale();
  return (
    <>
      {(bodyOf(entry.record).addresses ?? []).map((one, i) => (
        <address key={i} dir="auto">
          {[one.attention, one.address1, one.address2, [one.postalCode, one.city].filter(Boolean).join(' '), one.region, one.stateProvince,
            one.country && locale.country(one.country)].filter(Boolean).map((line, n) => <span key={n}>{line}<br /></span>)}
        </address>
      ))}
    </>
  );
}
