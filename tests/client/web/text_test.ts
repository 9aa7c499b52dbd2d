// Other people's texts and addresses, and the interface's own.
import assert from 'node:assert/strict';
import { en } from '../../../client/web/src/i18n/en';
import { chooseLanguage, Locale } from '../../../client/web/src/i18n';
import { es } from '../../../client/web/src/i18n/es';
import { lv } from '../../../client/web/src/i18n/lv';
import { pl } from '../../../client/web/src/i18n/pl';
import { sq } from '../../../client/web/src/i18n/sq';
import type { CairnRecord } from '../../../client/web/src/lib/api';
import { phoneHref, readablePhone, safeHref } from '../../../client/web/src/lib/links';
import { passages, pickTextLanguage, Texts } from '../../../client/web/src/lib/text';
import { test } from './cases.mjs';

const all = { en, pl, lv, sq, es };

test('LinksTest', 'OnlyFourSchemesBecomeLinks', () => {
  for (const good of ['https://a.example.org/x', 'http://a.example.org', 'mailto:a@example.org', 'tel:+48225550110']) assert.ok(safeHref(good), good);
  for (const bad of ['javascript:alert(1)', ' JavaScript:alert(1)', 'java\nscript:alert(1)', '\u0001javascript:alert(1)', 'data:text/html,<b>', 'vbscript:x',
    'file:///etc/passwd', '//example.org', '/path', 'example.org', '', undefined]) assert.equal(safeHref(bad), null, String(bad));
});

test('LinksTest', 'NumbersAreDialledWithoutWhatSurroundsThem', () => {
  assert.equal(phoneHref('116 111'), 'tel:116111');
  assert.equal(phoneHref('+48 22 555-01-10', '7'), 'tel:+48225550110;ext=7');
  assert.equal(phoneHref('<script>'), null);
  assert.equal(readablePhone('116111'), '116 111');
});

const record: CairnRecord = {
  id: 'a', language: 'pl', service: { name: 'Telefon', phones: [{ description: 'bezpłatnie' }] },
  translations: [{ language: 'en', texts: { name: 'Line' } }, { language: 'pt-BR', texts: { name: 'Linha' } }],
};

test('TextsTest', 'TheReadersLanguageThenARelativeThenTheRecordsOwn', () => {
  assert.equal(pickTextLanguage(record, ['en']), 'en');
  assert.equal(pickTextLanguage(record, ['pt']), 'pt-BR');
  assert.equal(pickTextLanguage(record, ['fi']), 'pl');
});

test('TextsTest', 'WhatIsNotTranslatedComesInTheOriginalAndSaysSo', () => {
  const texts = new Texts(record, 'en');
  assert.deepEqual(texts.at('name'), { text: 'Line', language: 'en', translated: true });
  assert.deepEqual(texts.at('phones[0].description'), { text: 'bezpłatnie', language: 'pl', translated: false });
  assert.equal(texts.at('constructor'), null);
  assert.equal(texts.at('phones[7].description'), null);
});

test('TextsTest', 'AttackMarksOfASearchThatARecordHoldsItselfAreNoMarkup', () => {
  assert.deepEqual(passages('a \uE000b\uE001 c'), [{ text: 'a ', found: false }, { text: 'b', found: true }, { text: ' c', found: false }]);
  assert.deepEqual(passages('x\uE001y').map((one) => one.text).join(''), 'xy');
});

test('InterfaceTest', 'EveryLanguageFillsInTheSameWords', () => {
  const words = (value: unknown): string => JSON.stringify(String(value).match(/\{\w+\}/g)?.sort() ?? []);
  for (const [tag, messages] of Object.entries(all)) {
    for (const [key, value] of Object.entries(en)) {
      const other = (messages as Record<string, unknown>)[key];
      if (typeof value === 'string') assert.equal(words(other), words(value), `${tag}.${key}`);
    }
  }
});

test('InterfaceTest', 'EveryLanguageHasTheFormsOfItsNumbers', () => {
  for (const [tag, messages] of Object.entries(all)) {
    const needed = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, value] of Object.entries(messages as Record<string, unknown>)) {
      if (typeof value !== 'object' || value === null || !('other' in value) || !Object.values(value).every((one) => String(one).includes('{n}'))) continue;
      for (const form of needed) assert.ok(form in value, `${tag}.${key} lacks "${form}"`);
    }
  }
});

test('InterfaceTest', 'NumbersTakeTheFormOfTheirLanguage', () => {
  const polish = new Locale('pl', pl);
  assert.deepEqual([1, 2, 5, 22].map((n) => polish.count(pl.results, n)), ['1 wpis', '2 wpisy', '5 wpisów', '22 wpisy']);
  const latvian = new Locale('lv', lv);
  assert.deepEqual([1, 2, 10, 21].map((n) => latvian.count(lv.results, n)), ['1 ieraksts', '2 ieraksti', '10 ierakstu', '21 ieraksts']);
});

test('InterfaceTest', 'TheAddressDecidesThenWhatWasChosenThenTheBrowser', () => {
  assert.equal(chooseLanguage('lv', 'pl', ['es']), 'lv');
  assert.equal(chooseLanguage(null, 'pl', ['es']), 'pl');
  assert.equal(chooseLanguage('xx', null, ['fi', 'es-CO']), 'es');
  assert.equal(chooseLanguage(null, null, ['fi']), 'en');
});
