// Bundles the page and packs everything into one blob with a table that the compiler includes.
//
// usage: node build.mjs OUT     writes OUT/web_assets.bin and OUT/web_assets_table.inc
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const out = path.resolve(process.argv[2] ?? 'out');
const dist = path.join(out, 'dist');
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const require = createRequire(import.meta.url);
const target = ['chrome100', 'firefox100', 'safari15.4'];
const shared = { bundle: true, charset: 'utf8', minify: true, target, outdir: dist, entryNames: '[name]-[hash]', assetNames: '[name]-[hash]', logLevel: 'warning', metafile: true, legalComments: 'none' };

const types = {
  '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json', '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2', '.html': 'text/html; charset=utf-8', '.txt': 'text/plain; charset=utf-8',
};

// Without what the map does not draw: names, and the outlines of all land together.
const outlinesOnly = {
  name: 'outlines',
  setup(build) {
    const file = require.resolve('world-atlas/countries-50m.json');
    build.onResolve({ filter: /^cairn:outlines$/ }, () => ({ path: file }));
    build.onLoad({ filter: /countries-50m\.json$/ }, () => {
      const topology = JSON.parse(readFileSync(file, 'utf8'));
      delete topology.objects.land;
      for (const country of topology.objects.countries.geometries) {
        delete country.properties;
        delete country.id;
      }
      return { contents: JSON.stringify(topology), loader: 'file' };
    });
  },
};

// Names and forms in a language, as this Node's ICU has them, for browsers that lack it.
function namesOf(language) {
  if (!Intl.DisplayNames.supportedLocalesOf([language]).length) throw new Error(`this Node's ICU lacks "${language}"; Debian's nodejs has it`);
  const named = (type, codes) => {
    const names = new Intl.DisplayNames(language, { type, fallback: 'none' });
    return Object.fromEntries(codes.map((code) => [type === 'region' ? code : code.toLowerCase(), names.of(code)]).filter(([, name]) => name));
  };
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const pairs = letters.flatMap((a) => letters.map((b) => a + b));
  const english = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
  const dates = (options, days) => days.map((date) => new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }).format(date));
  const months = Array.from({ length: 12 }, (_, i) => new Date(Date.UTC(2023, i, 15)));
  const week = Array.from({ length: 7 }, (_, i) => new Date(Date.UTC(2023, 0, 1 + i)));
  const forms = (format) => ({ one: format(1).replace('1', '{n}'), other: format(2).replace('2', '{n}') });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'always' });
  const units = ['year', 'month', 'day', 'hour', 'minute', 'second'];
  const unit = (name) => (n) => new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(n);
  return {
    regions: named('region', pairs.map((one) => one.toUpperCase())),
    languages: named('language', pairs.filter((one) => english.of(one))),
    months: { long: dates({ month: 'long' }, months), short: dates({ month: 'short' }, months) },
    weekdays: { long: dates({ weekday: 'long' }, week), short: dates({ weekday: 'short' }, week) },
    ago: Object.fromEntries(units.map((name) => [name, forms((n) => relative.format(-n, name))])),
    ahead: Object.fromEntries(units.map((name) => [name, forms((n) => relative.format(n, name))])),
    units: Object.fromEntries(['second', 'minute', 'hour', 'day'].map((name) => [name, forms(unit(name))])),
  };
}

const languageNames = {
  name: 'names',
  setup(build) {
    build.onResolve({ filter: /^cairn:names\// }, ({ path: name }) => ({ path: name.slice('cairn:names/'.length), namespace: 'names' }));
    build.onLoad({ filter: /.*/, namespace: 'names' }, ({ path: language }) => (
      { contents: 'export const names = ' + JSON.stringify(namesOf(language)), loader: 'js' }));
  },
};

const built = [
  await esbuild.build({ ...shared, entryPoints: ['src/main.tsx'], format: 'esm', splitting: true, chunkNames: '[name]-[hash]', jsx: 'automatic', jsxImportSource: 'preact', publicPath: '/assets/', plugins: [outlinesOnly, languageNames] }),
  await esbuild.build({ ...shared, entryPoints: ['src/theme.ts'], format: 'iife' }),
  await esbuild.build({ ...shared, entryPoints: { main: 'src/styles/main.css' }, loader: { '.woff2': 'file', '.woff': 'empty' }, publicPath: '/assets/' }),
  await esbuild.build({ ...shared, entryPoints: ['src/icon.svg'], loader: { '.svg': 'copy' } }),
];

// "main.tsx" -> "main-5TXU2G3Q.js": what the page's head refers to.
const entryOf = (source, extension) => {
  const outputs = built.flatMap((one) => Object.entries(one.metafile.outputs));
  const found = outputs.find(([name, info]) => name.endsWith(extension) && (info.entryPoint === source || (source.endsWith('.svg') && source in info.inputs)));
  return '/assets/' + path.basename(found[0]);
};
const places = {
  'asset:main.js': entryOf('src/main.tsx', '.js'), 'asset:theme.js': entryOf('src/theme.ts', '.js'),
  'asset:main.css': entryOf('src/styles/main.css', '.css'), 'asset:icon.svg': entryOf('src/icon.svg', '.svg'),
};
let page = readFileSync('src/index.html', 'utf8');
for (const [name, to] of Object.entries(places)) page = page.replaceAll(`{{${name}}}`, to);
writeFileSync(path.join(dist, 'index.html'), page);

// What the node says in the pages it makes by itself, from the same texts.
const messages = {};
for (const language of ['en', 'pl', 'lv', 'sq', 'es']) {
  const bundle = await esbuild.build({ entryPoints: [`src/i18n/${language}.ts`], bundle: true, format: 'esm', write: false, logLevel: 'warning' });
  messages[language] = (await import('data:text/javascript;base64,' + Buffer.from(bundle.outputFiles[0].contents).toString('base64')))[language];
}
writeFileSync(path.join(dist, 'messages.json'), JSON.stringify(messages));

const licences = ['preact', 'topojson-client', 'world-atlas', '@fontsource/atkinson-hyperlegible', '@fontsource/fraunces'].map((name) => {
  const folder = path.dirname(require.resolve(name + '/package.json'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  return `${name}\n${'='.repeat(name.length)}\n\n${readFileSync(path.join(folder, file), 'utf8')}`;
});
writeFileSync(path.join(dist, 'licences.txt'), licences.join('\n\n'));

// One line a file: name, content type, place in the blob, size there, size unpacked, SHA-256 of what is unpacked.
const pieces = [];
const table = [];
let offset = 0;
for (const name of readdirSync(dist).sort()) {
  const bytes = readFileSync(path.join(dist, name));
  const packed = gzipSync(bytes, { level: 9 });
  const digest = createHash('sha256').update(bytes).digest('hex');
  table.push(`{"${name}", "${types[path.extname(name)]}", ${offset}, ${packed.length}, ${bytes.length}, "${digest}"},`);
  pieces.push(packed);
  offset += packed.length;
}
writeFileSync(path.join(out, 'web_assets.bin'), Buffer.concat(pieces));
writeFileSync(path.join(out, 'web_assets_table.inc'), table.join('\n') + '\n');
