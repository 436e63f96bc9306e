import { expect, test, vi } from 'vitest';

vi.stubGlobal('addEventListener', () => {}); // of a page, which this is not
const { cleaned } = await import('./impulse.svelte');

test('what is left open is left out', () => {
  expect(
    cleaned({
      window_ms: 2000,
      stride_ms: undefined,
      split: '',
      block: { name: 'raw', parameters: {} },
      network: { architecture: '' },
      training: { epochs: 0, augmentation: false },
    }),
  ).toEqual({ window_ms: 2000, block: { name: 'raw' }, training: { epochs: 0, augmentation: false } });
  expect(cleaned({})).toEqual({});
});
