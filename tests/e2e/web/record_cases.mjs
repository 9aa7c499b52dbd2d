// One record, and the calendar.
import assert from 'node:assert/strict';
import { helpline, open, test, training, withPage, world } from './page.mjs';

test('ARecordSaysWhereItComesFromAndReadsInEachOfItsLanguages', () => withPage({}, async (page) => {
  await open(page, `/records/${helpline}`);
  await page.getByRole('heading', { level: 1, name: '116 111: line for children and young people' }).waitFor();
  const provenance = await page.locator('.provenance').innerText();
  assert.match(provenance, /Published by Fundacja Latarnia/);
  assert.match(provenance, /seen here/);
  assert.match(provenance, /last checked .* ago, by: helpline manager/);
  assert.equal(await page.locator('a.phone').first().getAttribute('href'), 'tel:116111');
  await page.getByLabel('Read in').selectOption('pl');
  await page.waitForURL(/text=pl/);
  await page.getByRole('heading', { level: 1, name: '116 111: telefon dla dzieci i młodzieży' }).waitFor();
  assert.equal(await page.locator('h1 [lang]').getAttribute('lang'), 'pl');
}));

test('PrintedARecordHasWhatOneNeedsAndNoButtons', () => withPage({}, async (page) => {
  await open(page, `/records/${helpline}`);
  await page.emulateMedia({ media: 'print' });
  assert.ok(await page.locator('a.phone').first().isVisible());
  assert.ok(await page.locator('.provenance').isVisible());
  for (const hidden of ['.top', '.foot', '.tools', '.read-in']) assert.ok(!(await page.locator(hidden).isVisible()), hidden);
}));

test('AnIdThatIsNotThereSaysSoWithTheRightStatus', () => withPage({}, async (page) => {
  const response = await page.goto(`${world.consortium.address}/records/00000000-0000-4000-8000-000000000000`);
  assert.equal(response.status(), 404);
  await page.getByRole('heading', { name: 'There is nothing here.' }).waitFor();
}));

test('TheCalendarShowsAMonthAndAListAndLeadsToTheFile', () => withPage({}, async (page) => {
  await open(page, '/calendar?month=2027-03');
  const tenth = page.locator('.month li', { has: page.locator('time[datetime="2027-03-10"]') });
  await tenth.getByText('Signs that do not show').waitFor();
  await page.getByRole('link', { name: 'Next month' }).click();
  await page.waitForURL(/month=2027-04/);
  await page.getByRole('link', { name: 'List', exact: true }).click();
  await page.waitForURL(/view=list/);
  assert.ok((await page.locator('.agenda li').count()) > 5);
  await page.getByLabel('Country').selectOption('PL');
  await page.waitForURL(/country=PL/);
  await page.getByText('Signs that do not show').first().waitFor();
}));

test('TheCalendarFileHasTheFiltersThatAreInForce', () => withPage({}, async (page) => {
  await open(page, '/calendar?view=list');
  assert.equal(await page.getByRole('link', { name: 'All trainings as a calendar file' }).getAttribute('href'), '/trainings.ics');
  await page.getByLabel('Country').selectOption('PL');
  await page.locator('.choices').getByLabel('Language').selectOption('pl');
  await page.waitForURL((url) => url.searchParams.get('country') === 'PL' && url.searchParams.get('language') === 'pl');
  const href = await page.getByRole('link', { name: 'The chosen trainings as a calendar file' }).getAttribute('href');
  assert.equal(href, '/trainings.ics?country=PL&language=pl');
  const trainingsIn = async (address) => new Set((await (await fetch(world.consortium.address + address)).text()).match(/^UID:.*$/gm)).size;
  const [some, all] = [await trainingsIn(href), await trainingsIn('/trainings.ics')];
  assert.ok(some > 0 && some < all, `${some} of ${all}`);
}));

test('AddToCalendarLeadsToTheTrainingsOwnFile', () => withPage({}, async (page) => {
  await open(page, `/records/${training}`);
  const href = await page.getByRole('link', { name: 'Add to calendar' }).getAttribute('href');
  assert.equal(href, `/trainings/${training}.ics`);
  const calendar = await (await fetch(world.consortium.address + href)).text();
  assert.match(calendar, /^BEGIN:VCALENDAR\r\n/);
  assert.match(calendar, /\r\nBEGIN:VEVENT\r\n/);
}));
