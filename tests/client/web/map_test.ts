// The map's arithmetic.
import assert from 'node:assert/strict';
import { clusters, fit, project, unproject, viewOf, viewText, type View } from '../../../client/web/src/lib/mercator';
import { test } from './cases.mjs';

const warsaw = { at: project(52.23, 21.01), item: 'Warszawa' };
const lodz = { at: project(51.76, 19.46), item: 'Łódź' };
const bogota = { at: project(4.71, -74.07), item: 'Bogotá' };

test('MapTest', 'ProjectionAndBackIsTheSamePlace', () => {
  const back = unproject(project(52.23, 21.01));
  assert.ok(Math.abs(back.latitude - 52.23) < 1e-9 && Math.abs(back.longitude - 21.01) < 1e-9);
});

test('MapTest', 'NeighboursAreOneClusterFromAfarAndTwoFromNear', () => {
  const far: View = { ...fit([warsaw.at, lodz.at, bogota.at], 800, 500) };
  assert.deepEqual(clusters([warsaw, lodz, bogota], far, 800, 500).map((one) => one.members.length).sort(), [1, 2]);
  const near = fit([warsaw.at, lodz.at], 800, 500);
  assert.equal(clusters([warsaw, lodz, bogota], near, 800, 500).length, 2);
});

test('MapTest', 'TheWholeViewHoldsAllPoints', () => {
  const view = fit([warsaw.at, bogota.at], 320, 320);
  assert.equal(clusters([warsaw, bogota], view, 320, 320).flatMap((one) => one.members).length, 2);
});

test('MapTest', 'AViewInTheAddressIsTheSameView', () => {
  const view: View = { ...project(52.2297, 21.0122), zoom: 7.25 };
  assert.equal(viewText(view), '52.2297,21.0122,7.25');
  const back = viewOf(viewText(view));
  assert.ok(back && Math.hypot(back.x - view.x, back.y - view.y) < 1e-9 && back.zoom === 7.25);
  assert.equal(viewText({ ...project(-4.711, -74.0721), zoom: 0 }), '-4.7110,-74.0721,0');
});

test('MapTest', 'WhatIsNoViewOfThisMapIsNone', () => {
  for (const text of [null, '', '52.2,21', '52.2,21,7,1', '86,21,7', '52.2,181,7', '52.2,21,14', '52.2,21,-1', 'NaN,21,7', '52.2,21,Infinity',
    '1e1,21,7', ' 52.2,21,7', '52.2,,7', '<b>,1,1']) {
    assert.equal(viewOf(text), null, String(text));
  }
});
