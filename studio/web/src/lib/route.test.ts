import { expect, test } from 'vitest';
import { hrefOf, parseRoute, phoneCodeOf } from './route';

test('the empty address is the list of projects', () => {
  for (const hash of ['', '#', '#/']) expect(parseRoute(hash)).toEqual({ page: 'projects' });
});

test('what is written is read back', () => {
  const href = hrefOf(12, 'data', 7, { label: 'wave & more', name: '' });
  expect(href).toBe('#/projects/12/data/7?label=wave+%26+more');
  expect(parseRoute(href)).toEqual({ page: 'data', project: 12, item: 7, query: { label: 'wave & more' } });
  expect(parseRoute(hrefOf(3))).toEqual({ page: 'dashboard', project: 3 });
});

test('an address that leads nowhere says so', () => {
  for (const hash of ['#/elsewhere', '#/projects', '#/projects/0', '#/projects/x/data', '#/projects/1/nothing']) {
    expect(parseRoute(hash).page).toBe('nowhere');
  }
  expect(parseRoute('#/projects/1/data/x').page).toBe('nowhere');
  expect(parseRoute('#/projects/1/data/1/2').page).toBe('nowhere');
});

test('a phone comes by its code, and nothing else does', () => {
  expect(phoneCodeOf('#/phone/pair_0a1b')).toBe('pair_0a1b');
  expect(phoneCodeOf('#/phone/')).toBeUndefined();
  expect(phoneCodeOf('#/phone/a/b')).toBeUndefined();
  expect(phoneCodeOf('#/projects/1')).toBeUndefined();
});
