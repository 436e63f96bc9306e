import { expect, test } from 'vitest';
import { agoText } from './ago';

test('the past is told in words', () => {
  expect(agoText(0, 30_000)).toBe('just now');
  expect(agoText(0, 300_000)).toBe('5 min ago');
  expect(agoText(0, 5 * 3_600_000)).toBe('5 h ago');
  expect(agoText(0, 26 * 3_600_000)).toBe('1 day ago');
  expect(agoText(0, 80 * 3_600_000)).toBe('3 days ago');
});
