// Curves over time: what is drawn, and what is told of them.
import assert from 'node:assert/strict';
import { extentOf, pathOf, sampledIndexes } from '../../../client/web/src/lib/trends';
import { test } from './cases.mjs';

test('TrendsTest', 'ACurveRunsByTheTimeFromLowToHigh', () => {
  assert.equal(pathOf([0, 10, 40], [1, 3, 2], 100, 50, 5), 'M5.0 45.0h0L27.5 5.0L95.0 25.0');
});

test('TrendsTest', 'ItIsBrokenWhereNothingIsKnown', () => {
  assert.equal(pathOf([0, 10, 20, 30], [null, 1, null, 2], 100, 50, 5), 'M35.0 45.0h0M95.0 5.0h0');
  assert.equal(pathOf([0, 10], [null, null], 100, 50, 5), '');
});

test('TrendsTest', 'WhatDoesNotChangeIsALineThroughTheMiddleAndOnePointADotAtTheEnd', () => {
  assert.equal(pathOf([0, 10], [7, 7], 100, 50, 5), 'M5.0 25.0h0L95.0 25.0');
  assert.equal(pathOf([0], [7], 100, 50, 5), 'M95.0 25.0h0');
});

test('TrendsTest', 'TheExtentLeavesOutWhatIsNotKnown', () => {
  assert.deepEqual(extentOf([null, 4, null, 9, 6]), { first: 4, last: 6, low: 4, high: 9 });
  assert.equal(extentOf([null]), null);
});

test('TrendsTest', 'ATableHasTheFirstAndTheLastAndEvenStepsBetween', () => {
  assert.deepEqual(sampledIndexes(3, 5), [0, 1, 2]);
  assert.deepEqual(sampledIndexes(101, 5), [0, 25, 50, 75, 100]);
});
