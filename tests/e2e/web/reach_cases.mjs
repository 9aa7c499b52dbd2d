// Whom the page reaches: small and large screens, keyboards, screen readers, five languages, slow lines, no script.
import assert from 'node:assert/strict';
import { copyFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { arabicService } from './hostile.mjs';
import { assertNoSideways, everyPage, helpline, open, settled, shoot, test, withPage, world } from './page.mjs';

const first_load_bytes_max = 150 * 1024;
const readme_screenshot_bytes_max = 200 * 1024;

// Light at 1280 px and dark at 768 px: both are looked through by axe, and kept as pictures.
for (const [theme, width] of [['light', 1280], ['dark', 768]]) {
  test(`NothingSeriousForAxeOnAnyPageIn${theme === 'light' ? 'Light' : 'Dark'}`, () => withPage({ theme, width }, async (page) => {
    const found = [];
    for (const [name, address] of Object.entries(everyPage)) {
      await open(page, address);
      if (name === 'map') await page.locator('canvas[data-drawn]').waitFor();
      await page.evaluate(world.axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      for (const one of violations) {
        if (['serious', 'critical'].includes(one.impact)) found.push(`${name}: ${one.id} at ${one.nodes.map((node) => node.target).slice(0, 3).join(' ')}`);
      }
      await shoot(page, `${name}-${width}-${theme}`, { fullPage: name === 'partners' });
      await assertNoSideways(page, `${name} at ${width} px`);
    }
    assert.deepEqual(found, []);
  }));
}

test('FitsIntoAWindowOf320Pixels', () => withPage({ width: 320, height: 640, hasTouch: true, isMobile: true }, async (page) => {
  for (const [name, address] of Object.entries(everyPage)) {
    await open(page, address);
    await assertNoSideways(page, `${name} at 320 px`);
    const small = await page.locator('button:visible, .button:visible, .menu a:visible, .leave:visible, select:visible').evaluateAll((all) =>
      all.filter((one) => !one.classList.contains('map-mark') && one.getBoundingClientRect().height < 40).map((one) => one.textContent));
    assert.deepEqual(small, [], `${name}: too low for a finger`);
    await shoot(page, `${name}-320-light`, { fullPage: name !== 'map' });
  }
}));

test('AKeyboardAloneFindsAndOpensARecord', () => withPage({}, async (page) => {
  await open(page, '/');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'q');
  await page.keyboard.type('lodz');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=lodz/);
  await settled(page);
  for (let i = 0; i < 80; ++i) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement.matches('.card h3 a'))) break;
  }
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/records\//);
  await page.locator('.record').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
}));

test('TheMapMovesWithKeys', () => withPage({}, async (page) => {
  await open(page, '/?view=map');
  await page.locator('canvas[data-drawn]').waitFor();
  const marks = () => page.locator('.map-mark').evaluateAll((all) => all.map((one) => one.style.transform).join());
  await page.locator('.map').focus();
  for (const key of ['+', 'ArrowLeft', '-']) {
    const before = await marks();
    await page.keyboard.press(key);
    await page.waitForFunction((old) => [...document.querySelectorAll('.map-mark')].map((one) => one.style.transform).join() !== old, before);
  }
}));

test('ARecordFromRightToLeftRunsSoAndNothingMovesSideways', () => withPage({ width: 320, height: 640 }, async (page) => {
  await open(page, `/records/${arabicService.id}`);
  assert.equal(await page.locator('h1 span').evaluate((one) => getComputedStyle(one).direction), 'rtl');
  assert.equal(await page.locator('.reach bdi').first().evaluate((one) => getComputedStyle(one).direction), 'ltr');
  for (const address of Object.values(everyPage)) {
    await open(page, address);
    await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
    await assertNoSideways(page, `${address} from right to left`);
  }
}));

test('SpeaksItsFiveLanguages', () => withPage({}, async (page) => {
  const heading = { en: 'Who can help, and where?', pl: 'Kto może pomóc i gdzie?', lv: 'Kas var palīdzēt, un kur?', sq: 'Kush mund të ndihmojë dhe ku?', es: '¿Quién puede ayudar y dónde?' };
  const poland = { en: 'Poland', pl: 'Polska', lv: 'Polija', sq: 'Poloni', es: 'Polonia' };
  for (const [tag, text] of Object.entries(heading)) {
    await open(page, `/?lang=${tag}`);
    await page.getByRole('heading', { level: 1, name: text }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), tag);
    await page.locator('.facet-name', { hasText: new RegExp(`^${poland[tag]}$`) }).waitFor();
    for (const address of [`/records/${helpline}?lang=${tag}`, `/consortium?lang=${tag}`, `/calendar?view=list&lang=${tag}`]) {
      await open(page, address);
      const text = (await page.locator('body').innerText()).replaceAll('{{plain}}', ''); // which a hostile record says
      assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|\[object/, address);
    }
  }
}));

test('TheFirstVisitWeighsAtMost150Kilobytes', async () => {
  for (const locale of ['en-GB', 'pl-PL']) {
    await withPage({ locale }, async (page, context) => {
      const session = await context.newCDPSession(page);
      let bytes = 0;
      await session.send('Network.enable');
      session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
      await open(page, '/');
      await page.waitForLoadState('networkidle');
      console.log(`             first visit, ${locale}: ${(bytes / 1024).toFixed(1)} KiB with the first answers`);
      assert.ok(bytes > 20_000 && bytes <= first_load_bytes_max, `${bytes} bytes`);
    });
  }
});

test('WithoutScriptOneSearchesReadsAndCalls', () => withPage({ javaScriptEnabled: false, width: 320 }, async (page) => {
  await page.goto(world.consortium.address + '/');
  await page.getByRole('searchbox').fill('116 111');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('link', { name: '116 111: line for children and young people' }).click();
  assert.equal(await page.locator('a[href="tel:116111"]').count(), 1);
  assert.match(await page.locator('.provenance').innerText(), /Published by Fundacja Latarnia/);
  await assertNoSideways(page, 'a plain record');
  await shoot(page, 'plain-record-320');
  await page.goto(world.consortium.address + '/?kind=service');
  await page.getByRole('link', { name: 'Next page' }).click();
  assert.ok((await page.locator('.card').count()) > 0);
  for (const address of ['/calendar', '/consortium', '/about']) {
    await page.goto(world.consortium.address + address);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await assertNoSideways(page, `plain ${address}`);
  }
}));

test('TheReadmesScreenshotIsMadeHere', () => withPage({ height: 800 }, async (page) => {
  await open(page, '/?kind=service&country=PL&country=LV');
  await shoot(page, 'readme');
  const file = path.join(world.shots, 'readme.png');
  assert.ok(statSync(file).size <= readme_screenshot_bytes_max, `${statSync(file).size} bytes`);
  if (process.env.CAIRN_UPDATE_SCREENSHOT) copyFileSync(file, path.join(world.source, 'client/web/screenshot.png'));
}));
