// How the consortium has gone on since the node started: small curves, each also told in words, and all of them as tables.
import { useId, useState } from 'preact/hooks';
import { useLocale, type Locale } from '../i18n';
import { curvesOf, extentOf, pathOf, sampledIndexes, type TrendCurve, type Trends } from '../lib/trends';
import { facetLabel, usePartners } from '../ui/parts';

const [width, height, margin] = [240, 56, 5];
const shown_first = 8;
const table_moments = 5; // columns that fit beside a name

type Format = (locale: Locale, value: number) => string;
interface Curve { label: string; values: (number | null)[]; format: Format }

export function duration(locale: Locale, seconds: number): string {
  if (seconds < 90) return locale.measure(seconds, 'second');
  if (seconds < 5400) return locale.measure(seconds / 60, 'minute');
  if (seconds < 172_800) return locale.measure(seconds / 3600, 'hour');
  return locale.measure(seconds / 86_400, 'day');
}
const count: Format = (locale, value) => locale.number(value);

const momentOf = (trends: Trends, i: number): Date => new Date(Date.parse(trends.startedAt) + (trends.seconds[i] ?? 0) * 1000);

// "14:05", with the day where the curves are longer than one.
function momentText(locale: Locale, trends: Trends, i: number): string {
  const days = (trends.seconds.at(-1) ?? 0) > 86_400;
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  return locale.date(momentOf(trends, i), days ? { day: 'numeric', month: 'short', ...time } : time);
}

function CurveFigure({ curve, trends }: { curve: Curve; trends: Trends }) {
  const locale = useLocale();
  const { m } = locale;
  const id = useId();
  const extent = extentOf(curve.values);
  if (!extent) return null;
  const text = (value: number): string => curve.format(locale, value);
  const [low, high] = [text(extent.low), text(extent.high)];
  return (
    <figure class="line">
      <figcaption>{curve.label} <strong>{text(extent.last)}</strong></figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-labelledby={`${id}t`} aria-describedby={`${id}d`}>
        <title id={`${id}t`}>{curve.label}</title>
        <desc id={`${id}d`}>{locale.fill(m.trendSummary, { first: text(extent.first), last: text(extent.last), low, high })}</desc>
        <path d={pathOf(trends.seconds, curve.values, width, height, margin)} />
      </svg>
      <p class="axis" aria-hidden="true"><span>{momentText(locale, trends, 0)}</span><span>{low === high ? low : `${low} – ${high}`}</span><span>{m.now}</span></p>
    </figure>
  );
}

function CurveTable({ curves, trends, title }: { curves: Curve[]; trends: Trends; title: string }) {
  const locale = useLocale();
  const at = sampledIndexes(trends.seconds.length, table_moments);
  return (
    <details class="trend-table">
      <summary>{locale.m.trendTable}</summary>
      <div class="sideways" role="region" aria-label={title} tabIndex={0}>
        <table>
          <thead><tr><td />{at.map((i) => <th key={i} scope="col"><time dateTime={momentOf(trends, i).toISOString()}>{momentText(locale, trends, i)}</time></th>)}</tr></thead>
          <tbody>
            {curves.map((curve) => (
              <tr key={curve.label}>
                <th scope="row" dir="auto">{curve.label}</th>
                {at.map((i) => <td key={i}>{typeof curve.values[i] === 'number' ? curve.format(locale, curve.values[i] as number) : '–'}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Curves({ title, curves, trends }: { title: string; curves: Curve[]; trends: Trends }) {
  const locale = useLocale();
  const [all, setAll] = useState(false);
  const shown = all ? curves : curves.slice(0, shown_first);
  return (
    <>
      <div class="lines">{shown.map((one) => <CurveFigure key={one.label} curve={one} trends={trends} />)}</div>
      {curves.length > shown.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>{locale.count(locale.m.showAllValues, curves.length - shown.length)}</button>
      )}
      <CurveTable curves={shown} trends={trends} title={title} />
    </>
  );
}

// Open where there is room: on a telephone they would be many screens of curves.
function CurveGroup(props: { title: string; curves: Curve[]; trends: Trends }) {
  const [wide] = useState(() => matchMedia('(min-width: 56rem)').matches);
  if (!props.curves.length) return null;
  return <details class="trends" open={wide}><summary><h3>{props.title}</h3></summary><Curves {...props} /></details>;
}

const lastOf = (curve: TrendCurve): number => extentOf(curve.values)?.last ?? 0;
const isOfSomething = (curve: TrendCurve): boolean => (extentOf(curve.values)?.high ?? 0) > 0;

export function TrendsPanel({ trends, now }: { trends: Trends; now: Date }) {
  const locale = useLocale();
  const { m } = locale;
  const partners = usePartners();
  if (!trends.seconds.length) return null;
  const named = (name: string, facet: 'kind' | 'country' | 'freshness' | 'partner', format: Format = count): Curve[] =>
    curvesOf(trends, name).filter(isOfSomething).sort((a, b) => lastOf(b) - lastOf(a))
      .map((one) => ({ label: facetLabel(locale, partners, facet, one.value ?? ''), values: one.values, format }));
  const whole = (name: string, label: string, format: Format): Curve[] => curvesOf(trends, name).map(({ values }) => ({ label, values, format }));
  const started = new Date(trends.startedAt);
  return (
    <section class="panel wide">
      <h2>{m.sinceStart}</h2>
      <p class="hint">{locale.fill(m.sinceStartHint, { ago: locale.ago(started, now), interval: duration(locale, trends.intervalSeconds) })}</p>
      <Curves title={m.sinceStart} trends={trends}
        curves={[...whole('entries', m.entries, count), ...named('freshness', 'freshness'), ...whole('longest_lag', m.lag, duration)]} />
      <CurveGroup title={m.perKind} trends={trends} curves={named('kind', 'kind')} />
      <CurveGroup title={m.perCountry} trends={trends} curves={named('country', 'country')} />
      <CurveGroup title={m.perPartnerLag} trends={trends} curves={named('lag', 'partner', duration)} />
    </section>
  );
}
