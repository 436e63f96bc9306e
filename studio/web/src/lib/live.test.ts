import { expect, it } from 'vitest';
import { lastRows, smoothed } from './live';

const row = (ms: number, ...scores: number[]) => ({ ms, scores });

it('takes the mean of the last few, at the beginning of fewer', () => {
  const rows = [row(0, 1, 0), row(1, 0, 1), row(2, 0, 1), row(3, 0, 1)];
  expect(smoothed(rows, 2)).toEqual([row(0, 1, 0), row(1, 0.5, 0.5), row(2, 0, 1), row(3, 0, 1)]);
  expect(smoothed(rows, 1)).toEqual(rows);
  expect(smoothed([], 3)).toEqual([]);
});

it('keeps the last stretch, and the row before it', () => {
  const rows = [0, 100, 200, 300, 400].map((ms) => row(ms, 1));
  expect(lastRows(rows, 150).map(({ ms }) => ms)).toEqual([200, 300, 400]);
  expect(lastRows(rows, 1e9)).toEqual(rows);
  expect(lastRows([], 10)).toEqual([]);
});
