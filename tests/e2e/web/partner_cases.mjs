// The partners, and what of them changes while somebody looks on. Last, since these cases change the consortium.
import assert from 'node:assert/strict';
import { open, test, withPage, world } from './page.mjs';

test('TheConsortiumPageCountsAndFollowsWhatIsPublished', () => withPage({}, async (page) => {
  await open(page, '/consortium');
  const entries = async () => Number((await page.locator('.figures dd').nth(1).innerText()).replace(/\D/g, ''));
  assert.equal(await entries(), world.published);
  assert.equal(await page.locator('.partners tbody tr').count(), 4);
  assert.match(await page.locator('.partners').innerText(), /Fundacja Latarnia\s+Poland\s+Active/);
  await page.getByText('Live', { exact: true }).waitFor();
  await world.consortium.publish('pl-latarnia', [{ id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f70', language: 'en', countries: ['PL'], service: { name: 'New line', status: 'active' } }]);
  await page.waitForFunction((count) => document.querySelectorAll('.figures dd')[1].textContent === String(count), world.published + 1, { timeout: 5000 });
}));

// The node was there before the page: what it kept is drawn at once, the same for whoever opens it.
test('CurvesGoBackToTheNodesStartAndAreToldInWordsAndNumbers', () => withPage({}, async (page) => {
  await open(page, '/consortium');
  await page.getByRole('heading', { name: 'Since this node started' }).waitFor();
  const entries = page.getByRole('img', { name: 'Entries', exact: true });
  assert.match(await entries.locator('path').getAttribute('d'), /^M[^M]*L/, 'more than one point from the start on');
  assert.match(await entries.locator('desc').textContent(), /^At first \d+, now 20\d; between \d+ and 20\d\.$/);
  const lags = page.locator('.trends', { has: page.getByRole('heading', { name: 'Silence of each partner' }) });
  assert.equal(await lags.getByRole('img').count(), 4);
  await lags.getByText('The same as a table').click();
  const rows = lags.getByRole('row');
  assert.match((await rows.allInnerTexts()).join('\n'), /Qendra Streha\s.*\d+ sec/);
  assert.ok((await lags.getByRole('columnheader').count()) >= 2);
}));

test('ACurveGoesOnWhileSomebodyLooks', () => withPage({}, async (page) => {
  await open(page, '/consortium');
  const points = () => page.getByRole('img', { name: 'Entries', exact: true }).locator('path').evaluate((one) => one.getAttribute('d').split('L').length);
  const before = await points();
  await page.waitForFunction((n) => document.querySelector('.lines svg path').getAttribute('d').split('L').length > n, before, { timeout: 25_000 });
}));

test('EntriesOfASuspendedPartnerAreMarked', () => withPage({}, async (page) => {
  await world.consortium.govern('suspend', 'co-amparo');
  await open(page, '/?partner=co-amparo');
  await page.locator('.card .badge.bad', { hasText: 'Suspended' }).first().waitFor();
  await page.locator('.card h3 a').first().click();
  await page.locator('.provenance').getByText('nobody vouches for its entries at present').waitFor();
}));
