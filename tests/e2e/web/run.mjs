// The directory page in Chromium, against real nodes with the sample directory.
//
// usage: node run.mjs BIN SOURCE BUILD     the programs' folder, the source tree, and where packages and screenshots go
//
// Of the environment: CAIRN_CHROMIUM, the browser (default /usr/bin/chromium); CAIRN_UPDATE_SCREENSHOT=1 puts the README's
// screenshot into the source tree.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Consortium, eventually, folderFor } from './consortium.mjs';
import { arabicService, hostileRecords, hostileResource } from './hostile.mjs';

const [bin, source, build] = process.argv.slice(2).map((one) => path.resolve(one));

// Packages by the lock file, fetched once.
function packages() {
  const folder = folderFor(path.join(build, 'web-e2e'));
  const lock = readFileSync(path.join(source, 'tests/e2e/web/package-lock.json'));
  const fetched = path.join(folder, 'node_modules', '.cairn-lock');
  if (!existsSync(fetched) || !readFileSync(fetched).equals(lock)) {
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(path.join(source, 'tests/e2e/web', name), path.join(folder, name));
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' });
    cpSync(path.join(folder, 'package-lock.json'), fetched);
  }
  return createRequire(path.join(folder, 'x.js'));
}

const require = packages();
const { chromium } = require('playwright-core');
const { runCases } = await import(pathToFileURL(path.join(source, 'tests/client/web/cases.mjs')).href);
const { world } = await import('./page.mjs');
for (const name of ['search_cases', 'record_cases', 'safety_cases', 'reach_cases', 'partner_cases']) await import(`./${name}.mjs`);

const consortium = new Consortium(bin);
let browser;
try {
  await consortium.found();
  await consortium.startAll();
  await consortium.publishSamples(path.join(source, 'deploy/sample'));
  await consortium.publish('al-streha', [...hostileRecords, hostileResource, arabicService]);
  const total = async () => (await consortium.json('/api/partners')).partners.reduce((sum, one) => sum + Number(one.liveRecords ?? 0), 0);
  const published = 198 + hostileRecords.length + 2;
  await eventually(`${published} records at the first node`, async () => (await total()) === published);
  browser = await chromium.launch({ executablePath: process.env.CAIRN_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  Object.assign(world, { consortium, browser, source, axe: readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'), shots: folderFor(path.join(build, 'web-screenshots')), published });
  process.exitCode = (await runCases('web_page_test')) ? 1 : 0;
} finally {
  await browser?.close();
  await consortium.stop();
}
