import { expect, it } from 'vitest';
import { sliderOf } from './slider';

it('goes through every whole number between near bounds', () => {
  const slider = sliderOf({ kind: 'integer', minimum: 2, maximum: 12 })!;
  expect(Array.from({ length: slider.steps + 1 }, (_, place) => slider.valueAt(place))).toEqual([
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
  ]);
});

it('gives each value the place that gives it', () => {
  for (const bounds of [
    { kind: 'integer', minimum: 0, maximum: 100_000 },
    { kind: 'number', minimum: 0, maximum: 1 },
    { kind: 'number', minimum: -120, maximum: 0 },
    { kind: 'integer', minimum: 16, maximum: 65_536 },
  ] as const) {
    const slider = sliderOf(bounds)!;
    for (let place = 0; place <= slider.steps; place += 7) {
      expect(Math.abs(slider.placeOf(slider.valueAt(place)) - place)).toBeLessThanOrEqual(place < 30 ? 10 : 1);
    }
    expect(slider.valueAt(0)).toBe(bounds.minimum);
    expect(slider.valueAt(slider.steps)).toBe(bounds.maximum);
  }
});

it('goes by ratio over wide bounds, so that small numbers can be met', () => {
  const slider = sliderOf({ kind: 'integer', minimum: 0, maximum: 100_000 })!;
  expect(slider.valueAt(slider.steps / 2)).toBeLessThan(500);
});

it('writes no digits that the hand cannot mean', () => {
  const slider = sliderOf({ kind: 'number', minimum: 0, maximum: 1 })!;
  expect(slider.valueAt(60)).toBe(0.3);
});

it('is not there without bounds, or where nobody finds anything', () => {
  expect(sliderOf({ kind: 'number', minimum: 0 })).toBeNull();
  expect(sliderOf({ kind: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 })).toBeNull();
  expect(sliderOf({ kind: 'flag', minimum: 0, maximum: 1 })).toBeNull();
});
