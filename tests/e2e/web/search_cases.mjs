// Searching: words, filters, distances, the map.
import assert from 'node:assert/strict';
import { open, queryOf, settled, test, withPage } from './page.mjs';

test('FindsWhatWasTypedWithoutItsMarksAndMarksTheWords', () => withPage({}, async (page) => {
  await open(page, '/');
  await page.getByRole('searchbox').fill('lodz');
  await page.getByRole('button', { name: 'Search' }).first().click();
  await page.waitForURL(/q=lodz/);
  await settled(page);
  assert.ok((await page.locator('.card').count()) > 0);
  assert.match(await page.locator('.card').first().innerText(), /Łódź/);
  assert.match(await page.locator('.snippet mark').first().innerText(), /^Łód/i);
}));

test('FiltersCombineStandInTheAddressAndSurviveAReload', () => withPage({}, async (page) => {
  await open(page, '/');
  const count = async () => Number((await page.locator('.results-head h2').innerText()).match(/\d+/)[0]);
  const all = await count();
  await page.getByRole('checkbox', { name: /Services/ }).check();
  await page.waitForURL(/kind=service/);
  await settled(page);
  const services = await count();
  await page.getByRole('checkbox', { name: /Poland/ }).check();
  await page.waitForURL(/country=PL/);
  await settled(page);
  const both = await count();
  assert.ok(all > services && services > both && both > 0, `${all} > ${services} > ${both}`);
  await page.reload();
  await settled(page);
  assert.equal(await count(), both);
  await page.getByRole('link', { name: 'Remove: Services' }).click();
  await page.waitForURL((url) => !url.searchParams.has('kind'));
  await page.goBack();
  assert.equal(queryOf(page).get('kind'), 'service');
}));

test('ASecondValueOfAFilterCanBeChosenWithTheFirst', () => withPage({}, async (page) => {
  await open(page, '/?kind=service');
  await page.getByRole('checkbox', { name: /Trainings/ }).check();
  await page.waitForURL(/kind=training/);
  assert.deepEqual(queryOf(page).getAll('kind'), ['service', 'training']);
}));

test('AMistypedWordIsForgivenAndSaid', () => withPage({}, async (page) => {
  await open(page, '/?q=helplime');
  await page.getByText('Nothing found for “helplime”. Shown instead: “helpline”.').waitFor();
  assert.ok((await page.locator('.card').count()) > 0);
}));

test('OpenNowIsAFilterAndTrainingsHaveMonths', () => withPage({}, async (page) => {
  await open(page, '/');
  await page.getByRole('button', { name: 'Open now' }).click();
  await page.waitForURL(/open_now=1/);
  await settled(page);
  assert.ok((await page.getByText('Open around the clock').count()) > 0);
  await page.getByRole('link', { name: 'Remove: Open now' }).click();
  await page.waitForURL((url) => !url.searchParams.has('open_now'));
  await settled(page);
  await page.getByRole('checkbox', { name: /Never checked/ }).check();
  await page.waitForURL(/freshness=unverified/);
}));

test('NearATownCardsSayHowFar', () => withPage({}, async (page) => {
  await open(page, '/');
  await page.getByLabel('Near a town').fill('Gdańsk');
  await page.getByLabel('Near a town').press('Enter');
  await page.waitForURL(/near=54/);
  await settled(page);
  assert.match(await page.locator('.card .distance').first().innerText(), /^\d+(\.\d)? km away$/);
  await page.getByLabel('Near a town').fill('Atlantis');
  await page.getByLabel('Near a town').press('Enter');
  await page.getByText('No place in the directory is called “Atlantis”.').waitFor();
}));

test('CardsSayWhetherItIsOpenHowFreshItIsAndWhoVouches', () => withPage({}, async (page) => {
  await open(page, '/?q=116+111&kind=service&partner=pl-latarnia');
  const card = page.locator('.card', { hasText: '116 111' }).first();
  await card.getByText('Open around the clock').waitFor();
  assert.match(await card.locator('.card-foot').innerText(), /Check|Checked/);
  await card.getByText('Fundacja Latarnia').waitFor();
  assert.match(await card.locator('.facts').innerText(), /Polish.*Ukrainian/s);
}));

test('NothingFoundSaysWhatToTry', () => withPage({}, async (page) => {
  await open(page, '/?q=zzzzqqqq');
  await page.getByText('Nothing matches.').waitFor();
}));

test('ShowsMoreAndKeepsTheNumberInTheAddress', () => withPage({}, async (page) => {
  await open(page, '/');
  assert.equal(await page.locator('.card').count(), 20);
  await page.getByRole('link', { name: 'Show more' }).click();
  await page.waitForURL(/show=40/);
  await page.locator('.card').nth(39).waitFor();
}));

test('TheMapShowsClustersThatOpenWhenTheyArePressed', () => withPage({}, async (page) => {
  await open(page, '/?view=map');
  await page.locator('canvas[data-drawn]').waitFor();
  const sum = async () => (await page.locator('.map-mark').allInnerTexts()).reduce((total, text) => total + Number(text || 1), 0);
  assert.ok((await page.locator('.map-mark').count()) >= 3);
  assert.ok((await sum()) > 50, String(await sum()));
  const largest = page.locator('.map-mark.weight2').first();
  const before = Number(await largest.innerText());
  await largest.click();
  await page.waitForFunction((n) => ![...document.querySelectorAll('.map-mark')].some((one) => Number(one.textContent) === n), before);
  assert.ok((await page.locator('.map-list li').count()) > 0);
  const drawn = await page.locator('.map canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value !== 0);
  });
  assert.ok(drawn);
}));
