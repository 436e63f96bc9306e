import { expect, test } from 'vitest';
import { compareRuns, type Run } from './compare';

const run = (accuracy: number | null, ram: number, testing = 40): Run => ({
  report: {
    learn: 'classifier',
    model: 'dense',
    windows: { training: 100, testing },
    labels: ['a', 'b'],
    notices: [],
    duplicates: [],
    accuracy,
    device: { board: 'az3166', ram_bytes: ram, flash_bytes: 9000, latency_ms: null, parameters: 10 },
  },
});
const rowOf = (name: string, ...runs: [Run, Run]) => compareRuns(...runs).find((row) => row.name === name);

test('more accuracy is better, and less memory', () => {
  const runs: [Run, Run] = [run(0.9, 2000), run(0.8, 1000)];
  expect(rowOf('Accuracy', ...runs)?.better).toBe(0);
  expect(rowOf('RAM', ...runs)).toEqual({ name: 'RAM', texts: ['2 kB', '1 kB'], better: 1 });
  expect(rowOf('Flash', ...runs)?.better).toBeNull();
});

test('what one has not is not worse, and what none has is left out', () => {
  expect(rowOf('Accuracy', run(null, 1), run(0.8, 1))).toMatchObject({
    better: null,
    texts: ['–', expect.any(String)],
  });
  expect(rowOf('Time for a window', run(1, 1), run(1, 1))).toBeUndefined();
  expect(rowOf('Mean error', run(1, 1), run(1, 1))).toBeUndefined();
});

test('designs are told as they were asked for', () => {
  const asked: Run = {
    ...run(1, 1),
    design: { window_ms: 2000, block: { name: 'spectral', parameters: { bands: 8 } } },
  };
  expect(rowOf('Block', asked, run(1, 1))?.texts).toEqual(['spectral, bands 8', 'as proposed']);
  expect(rowOf('Window', asked, run(1, 1))?.texts).toEqual(['2 s', 'as proposed']);
});
