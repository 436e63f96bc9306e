import { expect, it } from 'vitest';
import { arrange, rangeOf } from './features';

const named = (axis: string, text: string) => ({ axis, text, unit: '' });

it('makes a line over frequency of what differs in its frequency alone', () => {
  const names = ['x', 'y'].flatMap((axis) => [
    named(axis, 'RMS'),
    ...[1, 2, 3, 4].map((hz) => named(axis, `Spectral Power ${hz}.0 - ${hz + 1}.0 Hz`)),
  ]);
  const { spectra, figures } = arrange([9, 1, 2, 3, 4, 8, 5, 6, 7, 8], names);
  expect(spectra).toEqual([
    {
      title: 'Spectral Power',
      xUnit: 'Hz',
      yUnit: '',
      x: [1.5, 2.5, 3.5, 4.5],
      lines: [
        { name: 'x', y: [1, 2, 3, 4] },
        { name: 'y', y: [5, 6, 7, 8] },
      ],
    },
  ]);
  expect(figures).toEqual([
    {
      text: 'RMS',
      unit: '',
      values: [
        { axis: 'x', value: 9 },
        { axis: 'y', value: 8 },
      ],
    },
  ]);
});

it('leaves few numbered names, and names that only end in a digit, single figures', () => {
  const names = ['Peak 1', 'Peak 2', 'Peak 3', 'L0-n5', 'L0-n25', 'L0-n75', 'L0-n95'].map((text) => named('x', text));
  const { spectra, figures } = arrange([1, 2, 3, 4, 5, 6, 7], names);
  expect(spectra).toEqual([]);
  expect(figures.map((figure) => figure.text)).toEqual(names.map((name) => name.text));
});

it('numbers readings', () => {
  const { spectra } = arrange(
    [5, 6, 7, 8],
    [0, 1, 2, 3].map((number) => named('x', `Reading ${number}`)),
  );
  expect(spectra[0]).toMatchObject({ title: 'Reading', xUnit: '', x: [0, 1, 2, 3] });
});

it('always has a width to draw on', () => {
  expect(rangeOf([])).toEqual([0, 1]);
  expect(rangeOf([3, 3])).toEqual([2.5, 3.5]);
  expect(rangeOf([-1, 4])).toEqual([-1, 4]);
});
