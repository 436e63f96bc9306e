import { expect, test } from 'vitest';
import { matches } from './match';

test('beginnings of words find a text, in any order', () => {
  expect(matches('Open project “Ceiling fan”', 'fan op')).toBe(true);
  expect(matches('Öffnen', 'öf')).toBe(true);
  expect(matches('Open project', 'pen')).toBe(false);
  expect(matches('Open project', '')).toBe(true);
});
