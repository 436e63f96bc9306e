import { expect, test } from 'vitest';
import { wavOf } from './wav';

test('a file that every program reads, and nothing wraps around', async () => {
  const bytes = new DataView(await wavOf(Float32Array.of(0, 0.5, -1, 3), 16000).arrayBuffer());
  const word = (at: number) => String.fromCharCode(...[0, 1, 2, 3].map((i) => bytes.getUint8(at + i)));
  expect([0, 8, 12, 36].map(word)).toEqual(['RIFF', 'WAVE', 'fmt ', 'data']);
  expect(bytes.byteLength).toBe(52);
  expect(bytes.getUint32(4, true)).toBe(44);
  expect(bytes.getUint32(24, true)).toBe(16000);
  expect(bytes.getUint32(40, true)).toBe(8);
  expect([44, 46, 48, 50].map((at) => bytes.getInt16(at, true))).toEqual([0, 16384, -32767, 32767]);
});
