import { expect, test } from 'vitest';
import { explore } from './explored';

test('windows become points whose labels are places in the sorted list', () => {
  const explored = explore({
    block: 'raw',
    windows: [
      [7, 0, 'training', 'wave', 0.5, -1],
      [7, 500, 'training', 'wave', 1, 2],
      [9, 0, 'testing', 'idle', 3, 4],
    ],
  });
  expect(explored.labels).toEqual(['idle', 'wave']);
  expect([...explored.points.label]).toEqual([1, 1, 0]);
  expect([...explored.points.testing]).toEqual([0, 0, 1]);
  expect([...explored.points.y]).toEqual([-1, 2, 4]);
});
