// One entry in full, with where it comes from.
import { useEffect, useState } from 'preact/hooks';
import { useLocale } from '../i18n';
import { bodyOf, get, type Entry, type Session } from '../lib/api';
import { address, navigate, usePlace, withValues } from '../lib/router';
import { pickTextLanguage, textLanguages, Texts, titleOf } from '../lib/text';
import { useLoaded, useNow } from '../lib/use';
import { PartnerStone } from '../ui/cairn';
import { sessionMoment } from '../ui/card';
import { Icon } from '../ui/icons';
import { Failure, Freshness, KindLabel, Loading, Opening, SafeLink, termLabel, usePartners, Words } from '../ui/parts';
import {
  Contacts, Costs, EntriesFact, Fact, Hours, Languages, Mail, Phones, PlaceCards, PostalAddresses, Section, TextFact, WebAddresses,
} from '../ui/record_parts';

interface PartProps { entry: Entry; texts: Texts }
const day = (date: string): Date => new Date(date.slice(0, 10) + 'T12:00:00');

// How one gets in touch stands first: it is what most people came for.
function Reach({ entry, texts }: PartProps) {
  const { m } = useLocale();
  const body = bodyOf(entry.record);
  const website = entry.kind === 'ORGANIZATION' ? body.website : body.url;
  const more = body.additionalUrls ?? body.additionalWebsites;
  if (!body.phones?.length && !body.email && !website && !more?.length && !body.contacts?.length) return null;
  return (
    <Section title={entry.kind === 'RESOURCE' ? m.openMaterial : m.contact} name="reach-section">
      <Phones phones={body.phones} texts={texts} path="phones" />
      <Mail email={body.email} />
      <WebAddresses first={website} more={more} />
      <Contacts contacts={body.contacts} texts={texts} path="contacts" />
    </Section>
  );
}

function ServiceParts({ entry, texts }: PartProps) {
  const locale = useLocale();
  const { m } = locale;
  const body = bodyOf(entry.record);
  const from = body.minimumAge === undefined ? '' : locale.number(body.minimumAge);
  const to = body.maximumAge === undefined ? '' : locale.number(body.maximumAge);
  const ages = from && to ? locale.fill(m.agesBetween, { from, to }) : from ? locale.fill(m.agesFrom, { from }) : to ? locale.fill(m.agesTo, { to }) : '';
  const places = body.serviceAtLocations ?? [];
  return (
    <>
      {(body.schedules?.length || places.some((one) => one.schedules?.length)) && (
        <Section title={m.openingHours}>
          <Hours schedules={body.schedules} texts={texts} path="schedules" />
          {places.map((one, i) => <Hours key={i} schedules={one.schedules} texts={texts} path={`service_at_locations[${i}].schedules`} />)}
        </Section>
      )}
      <PlaceCards ids={places.map((one, i) => ({ id: one.locationId, path: `service_at_locations[${i}]` }))} texts={texts} />
      {places.map((one, i) => <Phones key={i} phones={one.phones} texts={texts} path={`service_at_locations[${i}].phones`} />)}
      <Section title={m.recordContents}>
        <dl class="fact-list">
          <TextFact name={m.eligibility} texts={texts} path="eligibility_description" />
          <Fact name={m.ages}>{ages}</Fact>
          <TextFact name={m.application} texts={texts} path="application_process" />
          {(body.costOptions?.length || body.feesDescription) && <Fact name={m.cost}><><Costs options={body.costOptions} /><Words text={texts.at('fees_description')} /></></Fact>}
          <TextFact name={m.waitTime} texts={texts} path="wait_time" />
          {body.languages?.length ? <Fact name={m.languages}><Languages items={body.languages} /></Fact> : null}
          <TextFact name={m.interpretation} texts={texts} path="interpretation_services" />
          {body.serviceAreas?.length ? <Fact name={m.areasServed}><bdi>{body.serviceAreas.map((one) => one.name || one.description).join(', ')}</bdi></Fact> : null}
          <TextFact name={m.accreditations} texts={texts} path="accreditations" />
          <TextFact name={m.licenses} texts={texts} path="licenses" />
          <EntriesFact name={m.offeredBy} ids={[body.organizationId]} />
        </dl>
      </Section>
    </>
  );
}

function OrganizationParts({ entry, texts }: PartProps) {
  const { m } = useLocale();
  const body = bodyOf(entry.record);
  return (
    <>
      <PlaceCards ids={(body.locationIds ?? []).map((id) => ({ id }))} texts={texts} />
      <Section title={m.recordContents}>
        <dl class="fact-list">
          <Fact name={m.facetKind}>{m.roles[body.role as keyof typeof m.roles] ?? body.role ?? ''}</Fact>
          <EntriesFact name={m.partOf} ids={[body.parentOrganizationId]} />
          <TextFact name={m.legalStatus} texts={texts} path="legal_status" />
          <Fact name={m.founded}>{body.yearIncorporated ? String(body.yearIncorporated) : ''}</Fact>
          {body.organizationIdentifiers?.length ? (
            <Fact name={m.identifiers}><bdi>{body.organizationIdentifiers.map((one) => [one.identifierScheme ?? one.identifierType, one.identifier].filter(Boolean).join(' ')).join(', ')}</bdi></Fact>
          ) : null}
        </dl>
      </Section>
    </>
  );
}

function LocationParts({ entry, texts }: PartProps) {
  const { m } = useLocale();
  const body = bodyOf(entry.record);
  const around = body.latitude === undefined || body.longitude === undefined ? null
    : new URLSearchParams({ near: `${body.latitude},${body.longitude}`, within_km: '5', view: 'map', place: body.addresses?.[0]?.city ?? '' });
  return (
    <>
      <Section title={m.address}>
        <PostalAddresses entry={entry} />
        {around && <a class="button no-print" href={address('/', around)}><Icon name="pin" /> {m.onMap}</a>}
      </Section>
      {body.schedules?.length ? <Section title={m.openingHours}><Hours schedules={body.schedules} texts={texts} path="schedules" /></Section> : null}
      <Section title={m.recordContents}>
        <dl class="fact-list">
          <TextFact name={m.transportation} texts={texts} path="transportation" />
          {body.accessibility?.length ? (
            <Fact name={m.accessibility}><ul class="plain">{body.accessibility.map((_, i) => (
              <li key={i}><Words text={texts.at(`accessibility[${i}].description`)} /> <Words text={texts.at(`accessibility[${i}].details`)} class="hint" /></li>
            ))}</ul></Fact>
          ) : null}
          {body.languages?.length ? <Fact name={m.languages}><Languages items={body.languages} /></Fact> : null}
          <EntriesFact name={m.offeredBy} ids={[body.organizationId]} />
        </dl>
      </Section>
    </>
  );
}

export function sessionWhen(locale: ReturnType<typeof useLocale>, session: Session): string {
  const date: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' };
  const start = session.start ?? '';
  const end = session.end ?? '';
  const time = (text: string): string => (text.length > 10 ? ', ' + text.slice(11, 16) : '');
  const from = locale.date(day(start), date) + time(start);
  if (!end || end === start) return from;
  return end.slice(0, 10) === start.slice(0, 10) ? from + time(end).replace(', ', '–') : from + ' – ' + locale.date(day(end), date) + time(end);
}

function SessionItem({ session, index, texts, now }: { session: Session; index: number; texts: Texts; now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  const over = sessionMoment(session.end || session.start || '', session.timeZone) < now.getTime() - (session.start?.length === 10 ? 86_400_000 : 0);
  const status = session.status || 'scheduled';
  const shown = over && status !== 'cancelled' ? 'completed' : status;
  return (
    <li class={'session ' + shown}>
      <p class="session-when"><Icon name="calendar" /> <time dateTime={session.start}>{session.start ? sessionWhen(locale, session) : ''}</time></p>
      <p>
        <Words text={texts.at(`sessions[${index}].name`)} /> <Words text={texts.at(`sessions[${index}].place`)} />
        {session.country && <> · {locale.country(session.country)}</>}
        {session.mode && <> · {m.modes[session.mode as keyof typeof m.modes] ?? session.mode}</>}
        {session.capacity ? <> · {locale.count(m.seats, session.capacity)}</> : null}
        {session.timeZone && <span class="hint"> ({session.timeZone.replaceAll('_', ' ')})</span>}
      </p>
      <span class={'badge ' + (shown === 'scheduled' ? 'good' : shown === 'cancelled' ? 'bad' : 'shut')}>{m.sessionStatus[shown as keyof typeof m.sessionStatus] ?? shown}</span>
      {session.registrationUrl && !over && <SafeLink href={session.registrationUrl}>{m.register}</SafeLink>}
    </li>
  );
}

function TrainingParts({ entry, texts, now }: PartProps & { now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  const body = bodyOf(entry.record);
  const minutes = body.durationMinutes ?? 0;
  const sessions = (body.sessions ?? []).map((session, index) => ({ session, index }));
  return (
    <>
      {sessions.length > 0 && (
        <Section title={m.sessions}>
          <ul class="sessions">{sessions.map(({ session, index }) => <SessionItem key={session.id ?? index} session={session} index={index} texts={texts} now={now} />)}</ul>
          <a class="button no-print" href={'/trainings/' + encodeURIComponent(entry.record.id) + '.ics'} download><Icon name="calendar" /> {m.addToCalendar}</a>
        </Section>
      )}
      <Section title={m.recordContents}>
        <dl class="fact-list">
          <Fact name={m.mode}>{m.modes[body.mode as keyof typeof m.modes] ?? body.mode ?? ''}</Fact>
          {body.audience?.length ? <Fact name={m.audience}><bdi>{body.audience.map((_, i) => texts.at(`audience[${i}]`)?.text).join(', ')}</bdi></Fact> : null}
          {body.outcomes?.length ? <Fact name={m.outcomes}><ul>{body.outcomes.map((_, i) => <li key={i}><Words text={texts.at(`outcomes[${i}]`)} /></li>)}</ul></Fact> : null}
          {body.prices?.length ? <Fact name={m.cost}><Costs options={body.prices} /></Fact> : null}
          <Fact name={m.duration}>{minutes ? (minutes % 60 === 0 ? locale.count(m.hours, minutes / 60) : locale.count(m.minutes, minutes)) : ''}</Fact>
          {body.languages?.length ? <Fact name={m.languages}><Languages items={body.languages} /></Fact> : null}
          <EntriesFact name={m.offeredBy} ids={[body.providerId]} />
          <EntriesFact name={m.materials} ids={body.resourceIds ?? []} />
        </dl>
      </Section>
    </>
  );
}

function OtherParts({ entry, texts }: PartProps) {
  const locale = useLocale();
  const { m } = locale;
  const body = bodyOf(entry.record);
  const period = [body.periodStart, body.periodEnd].filter(Boolean).map((one) => locale.date(day(one ?? ''))).join(' – ');
  const types = m.resourceTypes as Record<string, string>;
  const status = entry.kind === 'COMMITMENT' ? (m.commitmentStatus[(body.status || 'planned') as keyof typeof m.commitmentStatus] ?? body.status) : '';
  return (
    <Section title={m.recordContents}>
      <dl class="fact-list">
        <TextFact name={m.finding} texts={texts} path="result" />
        <Fact name={m.score}>{body.score === undefined ? '' : locale.fill(m.scoreOf, { score: locale.number(body.score) })}</Fact>
        <Fact name={m.criterion}>{m.criteria[body.criterion as keyof typeof m.criteria] ?? body.criterion ?? ''}</Fact>
        <TextFact name={m.method} texts={texts} path="method" />
        <Fact name={m.period}>{period}</Fact>
        <EntriesFact name={m.assessed} ids={[body.serviceId]} />
        <EntriesFact name={m.assessor} ids={[body.assessorId]} />
        <TextFact name={m.target} texts={texts} path="target" />
        <TextFact name={m.action} texts={texts} path="action" />
        <Fact name={m.status}>{status ?? ''}</Fact>
        <Fact name={m.pledgedOn}>{body.pledgedOn ? locale.date(day(body.pledgedOn)) : ''}</Fact>
        <Fact name={m.due}>{body.due ? locale.date(day(body.due)) : ''}</Fact>
        <Fact name={m.resourceType}>{body.resourceType ? (types[body.resourceType] ?? body.resourceType) : ''}</Fact>
        <Fact name={m.year}>{body.year ? String(body.year) : ''}</Fact>
        {entry.kind === 'RESOURCE' && body.languages?.length ? <Fact name={m.languages}><Languages items={body.languages} /></Fact> : null}
        {entry.kind === 'RESOURCE' && body.audience?.length ? <Fact name={m.audience}><bdi>{body.audience.map((_, i) => texts.at(`audience[${i}]`)?.text).join(', ')}</bdi></Fact> : null}
        {body.license && <Fact name={m.licence}><SafeLink href={body.license} /></Fact>}
        <EntriesFact name={m.offeredBy} ids={[body.publisherId, entry.kind === 'COMMITMENT' ? body.organizationId : undefined]} />
        <EntriesFact name={m.accompanies} ids={body.accompaniesIds ?? []} />
        {body.reports?.length ? <Fact name={m.reports}><Reports entry={entry} texts={texts} /></Fact> : null}
      </dl>
    </Section>
  );
}

function Reports({ entry, texts }: PartProps) {
  const locale = useLocale();
  const { m } = locale;
  const now = new Date();
  return (
    <ol class="reports">
      {(bodyOf(entry.record).reports ?? []).map((one, i) => {
        const due = one.due ? day(one.due) : null;
        const when = one.submitted ? locale.fill(m.reportGiven, { date: locale.date(day(one.submitted)) })
          : due ? locale.fill(due < now ? m.reportOverdue : m.reportDue, { date: locale.date(due) }) : '';
        return <li key={one.id ?? i}><strong>{when}</strong> <Words text={texts.at(`reports[${i}].text`)} as="p" /> {one.url && <SafeLink href={one.url} />}</li>;
      })}
    </ol>
  );
}

function Provenance({ entry, now }: { entry: Entry; now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  const partner = usePartners().get(entry.partner);
  const { record } = entry;
  const verified = record.verifiedAt && locale.ago(new Date(record.verifiedAt), now);
  const lines = [
    entry.seenAt && locale.fill(m.seenHere, { ago: locale.ago(new Date(entry.seenAt), now) }),
    record.updatedAt && locale.fill(m.changedOn, { date: locale.date(new Date(record.updatedAt)) }),
    verified ? locale.fill(record.verifiedBy ? m.lastVerified : m.lastVerifiedAgo, { ago: verified, role: record.verifiedBy ?? '' }) : m.neverVerified,
    entry.verifyDueAt && locale.fill(m.nextCheck, { date: locale.date(new Date(entry.verifyDueAt)) }),
  ].filter(Boolean);
  return (
    <aside class="provenance" aria-labelledby="provenance">
      <h2 id="provenance">{m.provenance}</h2>
      <p class="publisher"><PartnerStone id={entry.partner} size={44} /> <strong dir="auto">{locale.fill(m.publishedBy, { partner: partner?.name || entry.partner })}</strong></p>
      {partner?.status === 'suspended' && <p class="badge bad">{m.partnerSuspended}</p>}
      {partner?.status === 'retired' && <p class="badge bad">{m.partnerRetired}</p>}
      <ul class="plain">{lines.map((line) => <li key={line} dir="auto">{line}</li>)}</ul>
      <p class="hint">{m.signed}</p>
      <p class="hint mono" dir="ltr">{record.id}</p>
      <Tools />
    </aside>
  );
}

function Tools() {
  const { m } = useLocale();
  const [copied, setCopied] = useState(false);
  const copy = (): void => void navigator.clipboard?.writeText(location.href).then(() => setCopied(true), () => undefined);
  return (
    <p class="tools no-print">
      <button type="button" class="button" onClick={() => print()}><Icon name="print" /> {m.print}</button>
      {navigator.clipboard && <button type="button" class="button" onClick={copy}><Icon name="link" /> <span aria-live="polite">{copied ? m.copied : m.copyLink}</span></button>}
    </p>
  );
}

function LanguageChoice({ entry, current }: { entry: Entry; current: string }) {
  const locale = useLocale();
  const { path, query } = usePlace();
  const available = textLanguages(entry.record);
  if (available.length < 2) return null;
  return (
    <label class="read-in no-print">{locale.m.readIn}
      <select value={current} onChange={(event) => navigate(path + '?' + withValues(query, { text: event.currentTarget.value }), { replace: true })}>
        {available.map((tag) => <option key={tag} value={tag}>{locale.languageName(tag)}{tag === entry.record.language ? ` (${locale.m.original})` : ''}</option>)}
      </select>
    </label>
  );
}

function RecordBody({ entry, texts, now }: PartProps & { now: Date }) {
  switch (entry.kind) {
    case 'SERVICE': return <ServiceParts entry={entry} texts={texts} />;
    case 'ORGANIZATION': return <OrganizationParts entry={entry} texts={texts} />;
    case 'LOCATION': return <LocationParts entry={entry} texts={texts} />;
    case 'TRAINING': return <TrainingParts entry={entry} texts={texts} now={now} />;
    default: return <OtherParts entry={entry} texts={texts} />;
  }
}

function Terms({ entry }: { entry: Entry }) {
  const locale = useLocale();
  const terms = entry.record.terms ?? [];
  if (!terms.length) return null;
  return (
    <ul class="chips" aria-label={locale.m.topicsHeading}>
      {terms.map((one, i) => {
        const value = one.code ? (one.taxonomy ? one.taxonomy + ':' : '') + one.code : '';
        const known = one.code && Object.hasOwn(locale.m.topics, one.code) ? termLabel(locale, one.code) : one.name || one.code;
        return <li key={i}>{value ? <a class="chip" dir="auto" href={address('/', new URLSearchParams({ term: value.toLowerCase() }))}>{known}</a> : <span class="chip" dir="auto">{known}</span>}</li>;
      })}
    </ul>
  );
}

function Record({ entry }: { entry: Entry }) {
  const locale = useLocale();
  const { m } = locale;
  const { query } = usePlace();
  const now = useNow();
  const current = pickTextLanguage(entry.record, [query.get('text') ?? '', locale.language, ...navigator.languages].filter(Boolean));
  const texts = new Texts(entry.record, current);
  const body = bodyOf(entry.record);
  const title = titleOf(entry, [current]);
  useEffect(() => { document.title = `${title.text} · ${m.title}`; }, [title.text, m]);
  return (
    <article class="record">
      <header class="record-head">
        <KindLabel kind={entry.kind} />
        <h1><Words text={title} /></h1>
        {body.alternateName && <p class="hint" dir="auto">{locale.fill(m.alsoKnownAs, { name: texts.at('alternate_name')?.text ?? '' })}</p>}
        <p class="badges"><Opening entry={entry} now={now} /> <Freshness entry={entry} now={now} /></p>
        <LanguageChoice entry={entry} current={current} />
      </header>
      <div class="record-main">
        {body.alert && <p class="alert" role="note"><Icon name="alert" /> <Words text={texts.at('alert')} /></p>}
        <Words text={texts.at('description')} as="p" class="description" />
        <Terms entry={entry} />
        <Reach entry={entry} texts={texts} />
        <RecordBody entry={entry} texts={texts} now={now} />
        <dl class="fact-list"><Fact name={m.countries}>{locale.list((entry.record.countries ?? []).map((code) => locale.country(code)))}</Fact></dl>
      </div>
      <Provenance entry={entry} now={now} />
    </article>
  );
}

export function RecordPage() {
  const { path, query } = usePlace();
  const id = decodeURIComponent(path.slice('/records/'.length));
  const partner = query.get('partner') ?? undefined;
  const found = useLoaded(path + (partner ?? ''), (signal) =>
    get<{ record?: Entry }>('/api/records/' + encodeURIComponent(id), { partner }, signal));
  if (found.error) return <Failure error={found.error} again={found.again} />;
  if (!found.data?.record) return <Loading />;
  return <Record entry={found.data.record} />;
}
