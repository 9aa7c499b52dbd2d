// The node's answers: protobuf JSON of directory.proto and record.proto, as far as the page uses them. Everything that
// may be absent is optional; 64-bit numbers come as text. All texts are other people's: show them, never interpret them.
export type Kind = 'ORGANIZATION' | 'SERVICE' | 'LOCATION' | 'TRAINING' | 'RESOURCE' | 'ASSESSMENT' | 'COMMITMENT';
export const kinds: Kind[] = ['SERVICE', 'ORGANIZATION', 'LOCATION', 'TRAINING', 'RESOURCE', 'ASSESSMENT', 'COMMITMENT'];

export interface Term { taxonomy?: string; code?: string; name?: string }
export interface Phone {
  number?: string; country?: string; shortCode?: boolean; extension?: string; type?: string; description?: string;
  asEntered?: string; languages?: SpokenLanguage[];
}
export interface SpokenLanguage { code?: string; name?: string; note?: string }
export interface WebAddress { label?: string; url?: string }
export interface Schedule {
  validFrom?: string; validTo?: string; dtstart?: string; timeZone?: string; freq?: string; interval?: number; byday?: string;
  byweekno?: string; bymonthday?: string; byyearday?: string; wkst?: string; count?: number; until?: string;
  opensAt?: string; closesAt?: string; description?: string; scheduleLink?: string; attendingType?: string; notes?: string;
}
export interface Contact { name?: string; title?: string; department?: string; email?: string; phones?: Phone[] }
export interface CostOption { option?: string; currency?: string; amount?: string; amountDescription?: string }
export interface ServiceArea { name?: string; description?: string }
export interface Address {
  attention?: string; address1?: string; address2?: string; city?: string; region?: string; stateProvince?: string;
  postalCode?: string; country?: string;
}
export interface ServiceAtLocation { locationId?: string; description?: string; phones?: Phone[]; schedules?: Schedule[]; contacts?: Contact[] }
export interface Session {
  id?: string; name?: string; start?: string; end?: string; timeZone?: string; place?: string; locationId?: string;
  country?: string; capacity?: number; status?: string; registrationUrl?: string; mode?: string; languages?: string[];
}
export interface ProgressReport { id?: string; due?: string; submitted?: string; text?: string; url?: string }

// The bodies of all kinds have few names in common that mean different things, so one type with everything optional
// serves: which fields there are is decided by the kind.
export interface Body {
  name?: string; alternateName?: string; description?: string; url?: string; email?: string; website?: string;
  additionalUrls?: WebAddress[]; additionalWebsites?: WebAddress[]; phones?: Phone[]; contacts?: Contact[];
  organizationId?: string; parentOrganizationId?: string; locationIds?: string[]; role?: string; legalStatus?: string;
  yearIncorporated?: number; organizationIdentifiers?: { identifierScheme?: string; identifierType?: string; identifier?: string }[];
  status?: string; eligibilityDescription?: string; minimumAge?: number; maximumAge?: number; applicationProcess?: string;
  feesDescription?: string; costOptions?: CostOption[]; interpretationServices?: string; waitTime?: string; alert?: string;
  accreditations?: string; licenses?: string; schedules?: Schedule[]; languages?: (SpokenLanguage | string)[];
  serviceAreas?: ServiceArea[]; serviceAtLocations?: ServiceAtLocation[];
  locationType?: string; transportation?: string; latitude?: number; longitude?: number; addresses?: Address[];
  accessibility?: { description?: string; details?: string; url?: string }[];
  providerId?: string; audience?: string[]; mode?: string; outcomes?: string[]; prices?: CostOption[]; sessions?: Session[];
  resourceIds?: string[]; durationMinutes?: number; resourceType?: string; license?: string; accompaniesIds?: string[];
  publisherId?: string; year?: number; serviceId?: string; criterion?: string; method?: string; periodStart?: string;
  periodEnd?: string; result?: string; score?: number; assessorId?: string; target?: string; action?: string;
  pledgedOn?: string; due?: string; reports?: ProgressReport[];
}
export interface CairnRecord {
  id: string; language?: string; translations?: { language?: string; texts?: { [path: string]: string } }[];
  updatedAt?: string; verifiedAt?: string; verifiedBy?: string; terms?: Term[]; countries?: string[];
  organization?: Body; service?: Body; location?: Body; training?: Body; resource?: Body; assessment?: Body; commitment?: Body;
}
export interface Entry {
  record: CairnRecord; kind: Kind; partner: string; audience?: string; seq?: string; verifyDueAt?: string; stale?: boolean;
  seenAt?: string;
}
export interface Hit { record: Entry; title?: string; snippet?: string; distanceKm?: number }
export interface FacetValue { value: string; count?: string }
export interface Facet { name: string; values?: FacetValue[] }
export interface Facets { facets?: Facet[] }
export interface SearchAnswer {
  hits?: Hit[]; nextPageToken?: string; total?: string; totalIsLowerBound?: boolean; correctedQuery?: string; facets?: Facet[];
}
export interface Partner {
  id: string; name?: string; country?: string; role?: string; status?: string; liveRecords?: string; asOf?: string;
  staleRecords?: string;
}
// /api/places: where the entries found are. Several points of one entry stand side by side.
export interface PlacePoint { id: string; partner: string; kind: Kind; title: string; place?: string; latitude: number; longitude: number }
export interface Places { points?: PlacePoint[]; searched?: number; complete?: boolean }

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: no answer
    message: string,
  ) {
    super(message);
  }
}

export const bodyOf = (record: CairnRecord): Body =>
  record.service ?? record.organization ?? record.location ?? record.training ?? record.resource ?? record.assessment ??
  record.commitment ?? {};

type Parameters = Record<string, string | number | string[] | undefined>;

export function queryString(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== '') query.append(name, String(one));
    }
  }
  return query.toString();
}

let acceptLanguage = '';
// Titles and passages come in this language where there is a translation.
export function setAcceptLanguage(tags: readonly string[]): void {
  acceptLanguage = [...new Set(tags)].slice(0, 5).join(', ');
}

const patience = [400, 1500]; // milliseconds before asking once more, and again, a node that is asked too much
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function answerOf(address: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(address, {
      headers: { Accept: 'application/json', 'Accept-Language': acceptLanguage },
      credentials: 'omit',
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, String(error));
  }
}

export async function get<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
  const query = queryString(parameters);
  for (const wait of [...patience, null]) {
    const response = await answerOf(path + (query ? '?' + query : ''), signal);
    if (response.ok) return (await response.json()) as T;
    if (wait === null || ![429, 503].includes(response.status)) throw new ApiError(response.status, await detailOf(response));
    await pause(wait);
  }
  throw new ApiError(503, '');
}

// What the node says is wrong (problem+json), which names the field and the remedy.
async function detailOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  return problem.detail ?? response.statusText;
}

const pages_max = 20;

// All pages of a list, up to what a person can look through.
export async function listAll(parameters: Parameters, signal?: AbortSignal): Promise<Entry[]> {
  const all: Entry[] = [];
  let token = '';
  for (let page = 0; page < pages_max; ++page) {
    const answer = await get<{ records?: Entry[]; nextPageToken?: string }>(
      '/api/list', { ...parameters, limit: 1000, page_token: token }, signal);
    all.push(...(answer.records ?? []));
    token = answer.nextPageToken ?? '';
    if (!token) break;
  }
  return all;
}

// One entry, kept while the page is open: entries refer to each other's ids over and over.
const entries = new Map<string, Promise<Entry | null>>();
export function entryById(id: string): Promise<Entry | null> {
  let found = entries.get(id);
  if (!found) {
    found = get<{ record?: Entry }>('/api/records/' + encodeURIComponent(id)).then((answer) => answer.record ?? null);
    // What failed is asked for again the next time; a reference that leads nowhere stays so.
    found = found.catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 404) entries.delete(id);
      return null;
    });
    entries.set(id, found);
  }
  return found;
}
export const forgetEntries = (): void => entries.clear();
