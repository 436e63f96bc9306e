import { expect, test } from 'vitest';
import { Trace } from './trace';

const axis = (values: number[]) => [{ name: 'x', units: 'g', values }];

test('a slow signal is kept as it is, and its past falls off', () => {
  const trace = new Trace(1000, 600);
  trace.push(axis([1, 2, 3, 4, 5, 6]), 100);
  expect(trace.page()?.share).toBeCloseTo(0.6);
  trace.push(axis([7, 8, 9, 10, 11, 12]), 100);
  const shown = trace.page();
  expect(shown?.page.exact).toBe(true);
  expect(shown?.page.axes[0]?.least).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(shown?.share).toBe(1);
});

test('of a fast signal no peak is lost, whatever pieces it comes in', () => {
  const trace = new Trace(1000, 10);
  for (let i = 0; i < 1000; i++) trace.push(axis([i === 512 ? 99 : i === 513 ? -99 : 0]), 1);
  const shown = trace.page()?.page.axes[0];
  expect(shown?.least).toHaveLength(10);
  expect(Math.max(...(shown?.greatest ?? []))).toBe(99);
  expect(Math.min(...(shown?.least ?? []))).toBe(-99);
});

test('another sensor begins anew', () => {
  const trace = new Trace(1000);
  trace.push(axis([1, 2, 3]), 10);
  trace.push([{ name: 'loudness', units: 'dB', values: [4, 5] }], 10);
  expect(trace.page()?.page.axes.map((one) => [one.name, one.least])).toEqual([['loudness', [4, 5]]]);
});
