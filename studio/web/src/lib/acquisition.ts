// A recording as devices send it: Edge Impulse's data acquisition format, in JSON.

export interface Axis {
  name: string;
  units: string;
}

export interface Acquisition {
  deviceId: string;
  deviceType: string;
  intervalMs: number;
  axes: readonly Axis[];
  /** A list of numbers for each reading. */
  rows: readonly (readonly number[])[];
}

const hexOf = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The file's text; signed with the key where there is one and the browser can sign, which takes https. */
export async function acquisitionText(of: Acquisition, hmacKey = ''): Promise<string> {
  const signs = hmacKey !== '' && globalThis.crypto?.subtle !== undefined;
  const empty = '0'.repeat(64);
  const text = JSON.stringify({
    protected: { ver: 'v1', alg: signs ? 'HS256' : 'none' },
    signature: signs ? empty : '',
    payload: {
      device_name: of.deviceId,
      device_type: of.deviceType,
      interval_ms: of.intervalMs,
      sensors: of.axes,
      values: of.axes.length === 1 ? of.rows.map((row) => row[0]) : of.rows,
    },
  });
  if (!signs) return text;
  // What is signed has zeros where the signature will stand.
  const encoder = new TextEncoder();
  const how = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(hmacKey), how, false, ['sign']);
  return text.replace(empty, hexOf(await crypto.subtle.sign('HMAC', key, encoder.encode(text))));
}
