// The partners, and what of them changes while somebody looks on. Last, since these cases change the consortium.
import assert from 'node:assert/strict';
import { open, test, withPage, world } from './page.mjs';

test('TheConsortiumPageCountsAndFollowsWhatIsPublished', () => withPage({}, async (page) => {
  await open(page, '/consortium');
  const entries = async () => Number((await page.locator('.figures dd').nth(1).innerText()).replace(/\D/g, ''));
  assert.equal(await entries(), 202);
  assert.equal(await page.locator('.partners tbody tr').count(), 4);
  assert.match(await page.locator('.partners').innerText(), /Fundacja Latarnia\s+Poland\s+Active/);
  await page.getByText('Live', { exact: true }).waitFor();
  await world.consortium.publish('pl-latarnia', [{ id: '7a9e2f10-93d4-4c1b-8d6e-1b2c3d4e5f70', language: 'en', countries: ['PL'], service: { name: 'New line', status: 'active' } }]);
  await page.waitForFunction(() => document.querySelectorAll('.figures dd')[1].textContent === '203', undefined, { timeout: 5000 });
  assert.ok((await page.locator('.line polyline').count()) === 2);
}));

test('EntriesOfASuspendedPartnerAreMarked', () => withPage({}, async (page) => {
  await world.consortium.govern('suspend', 'co-amparo');
  await open(page, '/?partner=co-amparo');
  await page.locator('.card .badge.bad', { hasText: 'Suspended' }).first().waitFor();
  await page.locator('.card h3 a').first().click();
  await page.locator('.provenance').getByText('nobody vouches for its entries at present').waitFor();
}));
