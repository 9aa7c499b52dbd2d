// Records as somebody would write them who wants the page to do something.
const script = '<script>window.attacked=1</script><img src=x onerror="window.attacked=2">"\'><svg onload=window.attacked=3>{{plain}}';

// Every text field that takes free text holds markup. What a field's rules refuse (addresses, dates) is tried in the unit
// tests of the page.
export const hostileService = {
  id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f60', language: 'en', countries: ['AL'], verified_by: script,
  terms: [{ taxonomy: 'cairn:topic', code: 'legal', name: script }],
  service: {
    name: `Hostilekeyword ${script}`, alternate_name: script, description: `Hostilekeyword ${script}`, status: 'active', eligibility_description: script,
    application_process: script, fees_description: script, interpretation_services: script, wait_time: script, alert: script,
    accreditations: script, licenses: script,
    phones: [{ number: '+35542220000', country: 'AL', description: script }],
    cost_options: [{ option: script, amount_description: script }],
    schedules: [{ freq: 'DAILY', time_zone: 'Europe/Tirane', description: script, notes: script, attending_type: script }],
    languages: [{ name: script, note: script }], service_areas: [{ name: script, description: script }],
    contacts: [{ name: script, title: script, department: script }], additional_urls: [{ label: script, url: 'https://a.example.org/' }],
  },
  translations: [{ language: 'pl', texts: { name: `Tłumaczenie ${script}`, description: script } }],
};

export const hostileResource = {
  id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f61', language: 'en', countries: ['AL'],
  resource: {
    name: 'Javascriptaddress', description: 'x', resource_type: 'toolkit', url: 'https://a.example.org/', license: 'javascript:window.attacked=4',
    audience: [script],
  },
};

export const hostileTraining = {
  id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f62', language: 'en', countries: ['AL'],
  training: {
    name: script, description: script, mode: 'onsite', audience: [script], outcomes: [script],
    sessions: [{ id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f63', name: script, start: '2027-03-10T09:00:00', end: '2027-03-10T12:00:00', time_zone: 'Europe/Tirane', place: script, status: 'scheduled' }],
  },
};

export const hostileOrganization = {
  id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f65', language: 'en', countries: ['AL'], verified_by: script,
  organization: {
    name: script, alternate_name: script, description: script, role: 'ngo', legal_status: script, year_incorporated: 2001,
    contacts: [{ name: script, title: script, department: script }], additional_websites: [{ label: script, url: 'https://a.example.org/' }],
    phones: [{ number: '+35542220002', country: 'AL', description: script }],
  },
  translations: [{ language: 'pl', texts: { name: script, description: script } }],
};

export const hostileLocation = {
  id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f66', language: 'en', countries: ['AL'],
  location: {
    location_type: 'physical', organization_id: hostileOrganization.id, name: script, alternate_name: script, description: script, transportation: script,
    latitude: 41.3, longitude: 19.8, accessibility: [{ description: script, details: script }],
    addresses: [{ attention: script, address_1: script, address_2: script, city: script, region: script, state_province: script, country: 'AL', address_type: 'physical' }],
  },
};

export const hostileAssessment = {
  id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f67', language: 'en', countries: ['AL'],
  assessment: { name: script, service_id: hostileService.id, assessor_id: hostileOrganization.id, criterion: 'quality', method: script, result: script, score: 1 },
};

export const hostileCommitment = {
  id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f68', language: 'en', countries: ['AL'],
  commitment: {
    name: script, organization_id: hostileOrganization.id, target: script, action: script, status: 'started',
    reports: [{ id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f69', due: '2027-01-01', submitted: '2026-11-01', text: script }],
  },
};

// All whose title is markup, one of each kind but the resource, whose address is what is hostile.
export const hostileRecords = [hostileService, hostileTraining, hostileOrganization, hostileLocation, hostileAssessment, hostileCommitment];

// A record in a script that runs from right to left.
export const arabicService = {
  id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f64', language: 'ar', countries: ['AL'],
  service: { name: 'خط مساعدة الأطفال', description: 'مكالمات مجانية وسرية للأطفال والشباب.', status: 'active', phones: [{ number: '+35542220001', country: 'AL', description: 'مجاني' }] },
};
