// The map's arithmetic.
import assert from 'node:assert/strict';
import { clusters, fit, project, unproject, type View } from '../../../client/web/src/lib/mercator';
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
