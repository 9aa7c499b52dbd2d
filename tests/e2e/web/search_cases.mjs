// Searching: words, filters, distances, the map.
import assert from 'node:assert/strict';
import { eventually } from './consortium.mjs';
import { open, queryOf, settled, test, withPage, world } from './page.mjs';

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

test('SearchesWhileSomebodyTypesAndKeepsItInTheAddress', () => withPage({}, async (page) => {
  await open(page, '/?kind=service');
  await page.getByRole('searchbox').pressSequentially('łodz', { delay: 20 });
  await page.waitForURL((url) => url.searchParams.get('q') === 'łodz' && url.searchParams.get('prefix') === '1');
  await page.getByRole('searchbox').pressSequentially('kie inter', { delay: 20 });
  await page.waitForURL((url) => url.searchParams.get('q') === 'łodzkie inter');
  await page.getByRole('searchbox').fill('hel');
  await page.waitForURL((url) => url.searchParams.get('q') === 'hel');
  await settled(page);
  assert.match(await page.locator('.snippet mark, .card h3').first().innerText(), /hel/i);
  const found = await page.locator('.results-head h2').innerText();
  assert.match(found, /^[1-9]/);
  assert.equal(queryOf(page).get('kind'), 'service');
  await page.getByRole('status').filter({ hasText: found }).waitFor();
  await page.reload();
  await settled(page);
  assert.equal(await page.getByRole('searchbox').inputValue(), 'hel');
  assert.equal(await page.locator('.results-head h2').innerText(), found);
}));

test('AllLettersOfASearchAreOneStepBack', () => withPage({}, async (page) => {
  await open(page, '/about');
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  await settled(page);
  for (const words of ['no', 'night', 'night li']) {
    await page.getByRole('searchbox').fill(words);
    await page.waitForURL((url) => url.searchParams.get('q') === words);
  }
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('q') === 'night li' && !url.searchParams.has('prefix'));
  await page.goBack();
  await page.waitForURL((url) => url.pathname === '/' && !url.searchParams.has('q'));
  await page.waitForFunction(() => document.getElementById('q').value === '');
  await page.goBack();
  await page.waitForURL(/\/about/);
}));

test('TheListWithoutScriptAndTheMapSearchForBeginningsToo', async () => {
  for (const path of ['/', '/api/places', '/api/facets']) {
    const answer = await fetch(world.consortium.address + path + '?q=hel&prefix=1');
    assert.deepEqual([answer.status, answer.headers.get('x-ignored-parameters')], [200, null], path);
  }
});

// The answer for "n" comes last, after that for "night": it must not be shown, and neither letter may be lost.
test('AnAnswerThatCameTooLateIsNotShownAndResultsDoNotFlicker', () => withPage({}, async (page) => {
  await open(page, '/');
  const asked = [];
  await page.route('**/api/search?*', async (route) => {
    const words = new URL(route.request().url()).searchParams.get('q');
    asked.push(words);
    if (words === 'n') await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue().catch(() => undefined); // it was given up meanwhile
  });
  const given_up = page.waitForEvent('requestfailed', (request) => /[?&]q=n(&|$)/.test(request.url()));
  await page.evaluate(() => {
    window.least = Infinity;
    new MutationObserver(() => { window.least = Math.min(window.least, document.querySelectorAll('.card').length); }).observe(document.querySelector('.results'), { childList: true, subtree: true });
  });
  await page.getByRole('searchbox').fill('n');
  await page.waitForRequest(/[?&]q=n(&|$)/);
  await page.getByRole('searchbox').fill('night');
  await given_up;
  await page.waitForURL(/q=night/);
  await settled(page);
  const found = await page.locator('.results-head h2').innerText();
  await page.waitForTimeout(2000);
  assert.equal(await page.locator('.results-head h2').innerText(), found);
  assert.equal(await page.getByRole('searchbox').inputValue(), 'night');
  assert.deepEqual(asked, ['n', 'night']);
  assert.ok((await page.evaluate(() => window.least)) > 0, 'the list was empty in between');
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

// Where the signs stand on the map.
const marks = (page) => page.locator('.map-mark').evaluateAll((all) => all.map((one) => one.style.transform.match(/-?\d+(\.\d+)?(?=px)/g).map(Number)));
const apart = (some, others) => (some.length === others.length ? Math.max(...some.flat().map((at, i) => Math.abs(at - others.flat()[i]))) : Infinity);
const stand = (page, where, what) => eventually(`signs ${what}`, async () => apart(await marks(page), where) < 1, 5000);

test('ThePlaceOnTheMapStandsInTheAddressAndIsThereAgain', () => withPage({}, async (page) => {
  await open(page, '/?view=map');
  await page.locator('canvas[data-drawn]').waitFor();
  assert.equal(queryOf(page).get('at'), null, 'all of it has no place');
  await page.locator('.map-mark.weight2').first().click();
  await page.locator('.map').focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForURL(/[?&]at=-?\d+\.\d{4}%2C-?\d+\.\d{4}%2C\d/);
  const before = await marks(page);
  const at = queryOf(page).get('at');
  await page.reload();
  await page.locator('canvas[data-drawn]').waitFor();
  await stand(page, before, 'where they were');
  assert.equal(queryOf(page).get('at'), at);
  await page.locator('.map-list a').first().click();
  await page.locator('.record').waitFor();
  await page.goBack();
  await page.locator('.map-mark').first().waitFor();
  await stand(page, before, 'where they were before the record');
  await page.getByRole('button', { name: 'Show everything' }).click();
  await page.waitForURL((url) => !url.searchParams.has('at'));
}));

test('APlaceThatIsNoneShowsAllAndAnotherSearchDoesToo', () => withPage({}, async (page) => {
  await open(page, '/?view=map');
  await page.locator('canvas[data-drawn]').waitFor();
  await page.locator('.map-mark').first().waitFor();
  const all = await marks(page);
  for (const at of ['91,0,3', 'a,b,c', '0,0,99', '%3Cb%3E']) {
    await open(page, `/?view=map&at=${at}`);
    await page.locator('canvas[data-drawn]').waitFor();
    await stand(page, all, `as without ${at}`);
  }
  await open(page, '/?view=map&at=56.95,24.1,11');
  await page.getByRole('checkbox', { name: /Places/ }).check();
  await page.waitForURL((url) => url.searchParams.get('kind') === 'location' && !url.searchParams.has('at'));
  assert.equal((await fetch(page.url() + '&at=1,2,3')).headers.get('x-ignored-parameters'), null);
}));
