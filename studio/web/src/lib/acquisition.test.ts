import { createHmac, webcrypto } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { acquisitionText, type Acquisition } from './acquisition';

const waved: Acquisition = {
  deviceId: 'phone-1',
  deviceType: 'Android phone',
  intervalMs: 20,
  axes: [
    { name: 'accX', units: 'm/s2' },
    { name: 'accY', units: 'm/s2' },
  ],
  rows: [
    [1, 2],
    [3, 4.5],
  ],
};

describe('acquisitionText', () => {
  it('says what was sensed, by whom, and how often', async () => {
    const { payload, ...rest } = JSON.parse(await acquisitionText(waved)) as { payload: unknown };
    expect(rest).toEqual({ protected: { ver: 'v1', alg: 'none' }, signature: '' });
    expect(payload).toEqual({
      device_name: 'phone-1',
      device_type: 'Android phone',
      interval_ms: 20,
      sensors: waved.axes,
      values: [
        [1, 2],
        [3, 4.5],
      ],
    });
  });

  it('writes one axis as plain numbers', async () => {
    const heard = { ...waved, axes: [{ name: 'audio', units: 'wav' }], rows: [[7], [-8]] };
    expect(JSON.parse(await acquisitionText(heard)).payload.values).toEqual([7, -8]);
  });

  it('signs the bytes with zeros in place of the signature', async () => {
    if (!globalThis.crypto) vi.stubGlobal('crypto', webcrypto);
    const text = await acquisitionText(waved, 'secret');
    const { signature } = JSON.parse(text) as { signature: string };
    const zeroed = text.replace(signature, '0'.repeat(64));
    expect(signature).toBe(createHmac('sha256', 'secret').update(zeroed).digest('hex'));
  });
});
