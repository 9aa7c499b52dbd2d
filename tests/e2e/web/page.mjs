// A page of the directory as the cases use it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test as testCase } from '../../client/web/cases.mjs';

// Set by run.mjs before the cases run: consortium, browser, axe, shots, source.
export const world = {};

export const test = (name, run) => testCase('WebPageTest', name, run);

export const helpline = '11bb8376-6570-4993-aab2-a0b2836ac158';
export const training = '4f3c6da7-2bf4-4e67-8755-3483d8ec88f7';
// Every page, as the cases that look at all of them go through it.
export const everyPage = {
  search: '/', found: '/?q=lodz&kind=service', map: '/?view=map', record: `/records/${helpline}`, training: `/records/${training}`,
  month: '/calendar?month=2027-03', list: '/calendar?view=list', partners: '/consortium', about: '/about',
};

// Opens a page of its own and closes it. What a page must never do is looked for in each of them: call somebody else,
// fail in its script, break the rules that it was sent with.
export async function withPage({ width = 1280, height = 860, theme = 'light', ...options }, use) {
  const context = await world.browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: 'en-GB', timezoneId: 'Europe/Warsaw', ...options });
  const page = await context.newPage();
  const wrong = [];
  page.setDefaultTimeout(20_000);
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== world.consortium.address && !['data:', 'blob:'].includes(url.protocol) && url.hostname !== 'www.wikipedia.org') wrong.push('asks ' + request.url());
  });
  page.on('pageerror', (error) => wrong.push('fails: ' + error.message));
  page.on('dialog', (dialog) => { wrong.push('shows a dialog'); void dialog.dismiss(); });
  page.on('console', (message) => { if (/Content Security Policy|Content-Security-Policy/.test(message.text())) wrong.push(message.text()); });
  try {
    const result = await use(page, context);
    assert.deepEqual(wrong, []);
    return result;
  } finally {
    await context.close();
  }
}

// Goes to an address and waits until the script has taken over and nothing more is loading.
export async function open(page, address) {
  await page.goto(world.consortium.address + address);
  await page.locator('.foot select').first().waitFor();
  await settled(page);
}
export async function settled(page) {
  await page.locator('.loading').first().waitFor({ state: 'detached' });
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
}

export const shoot = (page, name, options = {}) => page.screenshot({ path: path.join(world.shots, `${name}.png`), ...options });

export const queryOf = (page) => new URL(page.url()).searchParams;

// No part of the page is wider than the window.
export async function assertNoSideways(page, what) {
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  const window = page.viewportSize().width; // a telephone makes innerWidth as wide as what is too wide
  assert.ok(width <= window, `${what}: ${width} px wide in a window of ${window} px`);
}
