// What stands in the address, and what the node is asked for.
import assert from 'node:assert/strict';
import { asked, cleared, searchParameters, searchState, toggled, typed } from '../../../client/web/src/lib/search_state';
import { test } from './cases.mjs';

const at = (text: string): URLSearchParams => new URLSearchParams(text);

test('SearchStateTest', 'WhileTypingTheLastWordIsTheBeginningOfOne', () => {
  assert.equal(typed(at('kind=service&show=40'), 'legal ai').toString(), 'kind=service&q=legal+ai&prefix=1');
  assert.equal(searchParameters(searchState(at('q=legal+ai&prefix=1'))).prefix, '1');
});

test('SearchStateTest', 'AWordWithSomethingBehindItIsWhole', () => {
  assert.equal(typed(at('q=legal&prefix=1'), 'legal ').toString(), 'q=legal');
  assert.equal(typed(at('q=l&prefix=1'), ' ').toString(), '');
});

test('SearchStateTest', 'WhatIsAskedForIsWholeWordsAndKeepsTheFilters', () => {
  assert.equal(asked(at('q=lega&prefix=1&country=PL'), ' legal ').toString(), 'country=PL&q=legal');
  assert.equal(searchParameters(searchState(at('prefix=1'))).prefix, undefined);
});

test('SearchStateTest', 'ClearingTheFiltersKeepsTheWordsAsTheyAre', () => {
  assert.equal(cleared(at('q=lega&prefix=1&country=PL&near=1,2&place=X')).toString(), 'q=lega&prefix=1');
});

test('SearchStateTest', 'AnotherSearchStartsFromTheTopAndTheWholeMap', () => {
  assert.equal(toggled(at('view=map&at=52.2,21.0,7&show=40'), 'kind', 'service').toString(), 'view=map&kind=service');
});
