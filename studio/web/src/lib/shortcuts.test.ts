import { beforeEach, expect, test, vi } from 'vitest';
import { bind, handleKey } from './shortcuts.svelte';

class Element {
  constructor(
    readonly tagName: string,
    readonly isContentEditable = false,
  ) {}
}
vi.stubGlobal('HTMLElement', Element);

const act = vi.fn<() => void>();
beforeEach(() => void act.mockReset());

function press(key: string, more: object = {}): boolean {
  let prevented = false;
  const event = { key, timeStamp: 0, preventDefault: () => (prevented = true), target: null, ...more };
  handleKey(event as unknown as KeyboardEvent);
  return prevented;
}

test('a key, two keys in a row, and a key with Ctrl', () => {
  const unbind = bind({ keys: 'r', text: '', act }, { keys: 'g d', text: '', act }, { keys: 'mod+k', text: '', act });
  expect(press('r')).toBe(true);
  expect(press('g')).toBe(false);
  expect(press('d', { timeStamp: 500 })).toBe(true);
  expect(press('K', { ctrlKey: true })).toBe(true);
  expect(act).toHaveBeenCalledTimes(3);
  unbind();
  expect(press('r')).toBe(false);
});

test('the second key comes too late', () => {
  const unbind = bind({ keys: 'g d', text: '', act });
  press('g');
  expect(press('d', { timeStamp: 5000 })).toBe(false);
  unbind();
});

test('what is typed into a field is text, except with Ctrl', () => {
  const unbind = bind({ keys: 'r', text: '', act }, { keys: 'mod+k', text: '', act });
  const target = new Element('INPUT');
  expect(press('r', { target })).toBe(false);
  expect(press('k', { target, ctrlKey: true })).toBe(true);
  unbind();
});

test('the last one bound goes first', () => {
  const below = vi.fn<() => void>();
  const unbindBelow = bind({ keys: 'Escape', text: '', act: below });
  const unbind = bind({ keys: 'Escape', text: '', act });
  press('Escape');
  unbind();
  press('Escape');
  expect(act).toHaveBeenCalledOnce();
  expect(below).toHaveBeenCalledOnce();
  unbindBelow();
});
