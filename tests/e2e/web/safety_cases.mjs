// What a hostile record, a curious third party or somebody looking over the shoulder must not get.
import assert from 'node:assert/strict';
import { hostileRecords, hostileResource } from './hostile.mjs';
import { everyPage, open, test, withPage, world } from './page.mjs';

async function assertNothingRan(page) {
  assert.equal(await page.evaluate(() => window.attacked), undefined);
  assert.equal(await page.locator('main script, main img, main svg[onload]').count(), 0);
}

test('AttackScriptInEveryTextFieldIsText', () => withPage({}, async (page) => {
  await open(page, '/?q=hostilekeyword');
  assert.match(await page.locator('.card h3').first().innerText(), /<script>window\.attacked=1<\/script>/);
  await assertNothingRan(page);
  for (const { id } of hostileRecords) {
    for (const text of ['en', 'pl']) {
      await open(page, `/records/${id}?text=${text}`);
      assert.match(await page.locator('h1').innerText(), /<script>/);
      await assertNothingRan(page);
    }
  }
  await open(page, '/calendar?month=2027-03');
  await page.locator('.occasion', { hasText: '<script>' }).waitFor();
  await assertNothingRan(page);
}));

test('AttackScriptInEveryTextFieldIsTextOnThePlainPageToo', () => withPage({ javaScriptEnabled: false }, async (page) => {
  for (const address of ['/?q=hostilekeyword', ...hostileRecords.map(({ id }) => `/records/${id}`), '/calendar',
    `/?q=${encodeURIComponent('"><script>window.attacked=5</script>')}&lang=%22%3E%3Cscript%3E`]) {
    await page.goto(world.consortium.address + address);
    assert.equal(await page.locator('main script, main img, main svg').count(), 0, address);
    assert.match(await page.content(), /&lt;script&gt;/);
  }
}));

test('AttackAJavascriptAddressIsTextNotALink', () => withPage({}, async (page) => {
  await open(page, `/records/${hostileResource.id}`);
  await page.getByText('javascript:window.attacked=4').waitFor();
  const schemes = await page.locator('a').evaluateAll((links) => [...new Set(links.map((link) => link.protocol))]);
  assert.ok(schemes.every((one) => ['http:', 'https:', 'mailto:', 'tel:'].includes(one)), schemes.join());
}));

test('LeavingQuicklyPutsAnotherPageInThisOnesPlace', () => withPage({}, async (page, context) => {
  await context.route('https://www.wikipedia.org/**', (route) => route.fulfill({ contentType: 'text/html', body: '<title>elsewhere</title>' }));
  for (const leave of [() => page.getByRole('link', { name: 'Leave quickly' }).click(), () => page.keyboard.press('Escape').then(() => page.keyboard.press('Escape'))]) {
    await page.goto('about:blank');
    await open(page, '/?q=shelter');
    const before = await page.evaluate(() => history.length);
    await leave();
    await page.waitForURL('https://www.wikipedia.org/');
    assert.equal(await page.evaluate(() => history.length), before);
    assert.equal(await page.evaluate(() => document.referrer), '');
    await page.goBack();
    assert.ok(!page.url().startsWith(world.consortium.address), page.url());
  }
}));

test('OneEscapeStays', () => withPage({}, async (page) => {
  await open(page, '/');
  await page.keyboard.press('Escape');
  await page.waitForTimeout(1200);
  await page.keyboard.press('Escape');
  await page.waitForTimeout(200);
  assert.ok(page.url().startsWith(world.consortium.address));
}));

test('KeepsNothingInTheBrowserButLanguageAndColours', () => withPage({}, async (page, context) => {
  for (const address of Object.values(everyPage)) await open(page, address);
  await page.getByLabel('Colours').selectOption('dark');
  await page.locator('.foot').getByLabel('Language').selectOption('pl');
  await page.waitForURL(/lang=pl/);
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(await page.evaluate(() => Object.entries({ ...localStorage }).sort()), [['lang', 'pl'], ['theme', 'dark']]);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
}));

test('AssetsAreKeptForeverAndPagesAreAskedForAnew', async () => {
  const page = await fetch(world.consortium.address + '/');
  assert.match(page.headers.get('cache-control'), /no-cache/);
  const script = (await page.text()).match(/\/assets\/main-[A-Z0-9]+\.js/)[0];
  const asset = await fetch(world.consortium.address + script);
  assert.match(asset.headers.get('cache-control'), /immutable/);
  assert.equal(asset.headers.get('content-encoding'), 'gzip');
  const again = await fetch(world.consortium.address + script, { headers: { 'if-none-match': asset.headers.get('etag') } });
  assert.equal(again.status, 304);
  for (const name of ['index.html', 'messages.json', '..%2findex.html', 'none.js']) {
    assert.equal((await fetch(`${world.consortium.address}/assets/${name}`)).status >= 400, true, name);
  }
});
