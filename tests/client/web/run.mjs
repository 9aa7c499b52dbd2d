// Runs the page's unit tests: bundles them with the packages of the page's own build.
//
// usage: node run.mjs BUILD     BUILD: the folder that client/web/build wrote into
import { createRequire } from 'node:module';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const packages = path.join(path.resolve(process.argv[2]), 'work', 'node_modules');
const esbuild = createRequire(path.join(packages, 'x.js'))('esbuild');
const out = mkdtempSync(path.join(tmpdir(), 'cairn-web-'));
try {
  await esbuild.build({
    stdin: {
      contents: [...readdirSync(here).filter((name) => name.endsWith('_test.ts')).map((name) => `import './${name}';`),
        "export { runCases } from './cases.mjs';"].join('\n'),
      resolveDir: here,
    },
    outfile: path.join(out, 'tests.mjs'), bundle: true, format: 'esm', platform: 'node', nodePaths: [packages], jsx: 'automatic',
    jsxImportSource: 'preact', external: ['cairn:*'], logLevel: 'warning',
  });
  const { runCases } = await import(pathToFileURL(path.join(out, 'tests.mjs')).href);
  process.exitCode = (await runCases('web_unit_test')) ? 1 : 0;
} finally {
  rmSync(out, { recursive: true });
}
