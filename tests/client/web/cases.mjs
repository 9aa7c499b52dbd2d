// Named test cases, reported as GoogleTest reports them, so that tests/run counts them and says how to run only one.
//
// Of the environment: GTEST_OUTPUT=xml:FOLDER/ for the report, GTEST_FILTER=Suite.Case[:Suite.Case] with * for some only.
import { writeFileSync } from 'node:fs';

const cases = [];
const case_milliseconds_max = 120_000; // of a machine that does much else

// A case of `suite`, named for the behaviour.
export const test = (suite, name, run) => cases.push({ suite, name, run });

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function chosen({ suite, name }) {
  const patterns = (process.env.GTEST_FILTER || '*').split(':').map((one) => one.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*'));
  return patterns.some((pattern) => new RegExp(`^${pattern}$`).test(`${suite}.${name}`));
}

async function outcomeOf({ run }) {
  const began = Date.now();
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not done after ${case_milliseconds_max} ms`)), case_milliseconds_max); });
  try {
    await Promise.race([run(), late]);
    return { seconds: (Date.now() - began) / 1000, failure: '' };
  } catch (error) {
    return { seconds: (Date.now() - began) / 1000, failure: String(error?.stack ?? error) };
  } finally {
    clearTimeout(timer);
  }
}

// Runs all that are chosen, one after the other, and returns how many failed.
export async function runCases(program) {
  const lines = [];
  let failed = 0;
  for (const one of cases.filter(chosen)) {
    const { seconds, failure } = await outcomeOf(one);
    console.log(`${failure ? '[  FAILED  ]' : '[       OK ]'} ${one.suite}.${one.name} (${Math.round(seconds * 1000)} ms)`);
    if (failure) console.log(failure);
    failed += failure ? 1 : 0;
    lines.push(`<testcase name="${escaped(one.name)}" status="run" result="completed" time="${seconds}" classname="${escaped(one.suite)}">`);
    if (failure) lines.push(`<failure message="${escaped(failure.slice(0, 2000))}"></failure>`);
    lines.push('</testcase>');
  }
  const output = process.env.GTEST_OUTPUT?.replace(/^xml:/, '');
  if (output) writeFileSync(output.endsWith('/') ? `${output}${program}.xml` : output, `<testsuites>\n${lines.join('\n')}\n</testsuites>\n`);
  console.log(`${lines.length ? '' : 'no case was chosen; '}${failed} failed`);
  return lines.length ? failed : 1;
}
