import { expect, it } from 'vitest';
import { bytesText, countText, durationText, numberText, placeText, shareText, withUnit } from './text';

it('writes numbers with as many digits as people read', () => {
  expect(numberText(12345.6)).toBe('12,346');
  expect(numberText(9.80665)).toBe('9.807');
  expect(numberText(-0.0213)).toBe('-0.0213');
  expect(numberText(0)).toBe('0');
  expect(numberText(0.00001234)).toBe('1.23e-5');
  expect(numberText(NaN)).toBe('–');
});

it('writes units as books do', () => {
  expect(withUnit('9.81', 'm/s2')).toBe('9.81 m/s²');
  expect(withUnit('21', 'degC')).toBe('21\u202f°C');
  expect(withUnit('3', '%')).toBe('3\u202f%');
  expect(withUnit('3', 'N/A')).toBe('3');
});

it('writes bytes in thousands', () => {
  expect(bytesText(999)).toBe('999 B');
  expect(bytesText(12_500)).toBe('12.5 kB');
  expect(bytesText(2_340_000)).toBe('2.34 MB');
});

it('writes durations in the unit that fits', () => {
  expect(durationText(0)).toBe('0 s');
  expect(durationText(0.85)).toBe('850 µs');
  expect(durationText(12.5)).toBe('12.5 ms');
  expect(durationText(2400)).toBe('2.4 s');
  expect(durationText(185_000)).toBe('3 min 5 s');
  expect(durationText(7_800_000)).toBe('2 h 10 min');
  expect(durationText(60_000)).toBe('1 min');
});

it('writes places as fine as they lie apart', () => {
  expect(placeText(1250, 10)).toBe('1.25 s');
  expect(placeText(1250, 1)).toBe('1.250 s');
  expect(placeText(125_500, 100)).toBe('2:05.5');
  expect(placeText(119_999, 1000)).toBe('2:00');
  expect(placeText(3_725_000, 1000)).toBe('1:02:05');
  expect(placeText(0, 0.0625)).toBe('0.00000 s');
});

it('never says that all is right when one thing is wrong', () => {
  expect(shareText(0.9999)).toBe('99.9\u202f%');
  expect(shareText(1)).toBe('100\u202f%');
  expect(shareText(0.974)).toBe('97.4\u202f%');
  expect(shareText(0)).toBe('0\u202f%');
});

it('counts one and many', () => {
  expect(countText(1, 'window')).toBe('1 window');
  expect(countText(12345, 'window')).toBe('12,345 windows');
});
