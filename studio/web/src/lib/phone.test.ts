import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { categoryOf, deviceTypeOf, Phone, type LineEvents, type PhoneNews, type Sensor } from './phone';

/** A phone, the studio at the other end of its line, and a hand that moves it. */
function together() {
  const lines: { events: LineEvents; sent: Record<string, unknown>[]; bufferedAmount: number }[] = [];
  const uploads: { category: string; label: string; payload: Record<string, unknown> }[] = [];
  const hands = new Set<(rows: number[][]) => void>();
  let news: PhoneNews | undefined;
  const sensor: Sensor = {
    name: 'Accelerometer',
    axes: [{ name: 'accX', units: 'm/s2' }],
    ratesHz: [50, 25],
    mostSeconds: 300,
    listen: (_, heard) => {
      hands.add(heard);
      return Promise.resolve(() => hands.delete(heard));
    },
  };
  const world = {
    upload: vi.fn((category: string, label: string, text: string) => {
      const { payload } = JSON.parse(text) as { payload: Record<string, unknown> };
      uploads.push({ category, label, payload });
      return Promise.resolve();
    }),
    connect: (events: LineEvents) => {
      const line = { events, sent: [] as Record<string, unknown>[], bufferedAmount: 0 };
      lines.push(line);
      return {
        send: (text: string) => void line.sent.push(JSON.parse(text) as Record<string, unknown>),
        close: () => {},
        get bufferedAmount() {
          return line.bufferedAmount;
        },
      };
    },
  };
  const phone = new Phone({ code: 'pair_1', deviceId: 'phone-1', deviceType: 'iPhone' }, world, (now) => (news = now));
  const line = () => lines.at(-1)!;
  return {
    phone,
    sensor,
    world,
    lines,
    line,
    uploads,
    hands,
    news: () => news!,
    settle: () => vi.advanceTimersByTimeAsync(0),
    say: (message: object) => line().events.heard(JSON.stringify(message)),
    move: (...rows: number[][]) => hands.forEach((heard) => heard(rows)),
    greet() {
      phone.offer([sensor]);
      line().events.opened();
      this.say({ hello: true, serverTimestamp: 1 });
      line().sent.length = 0;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Phone', () => {
  it('says hello with its code and its sensors', () => {
    const { phone, sensor, line, news, say } = together();
    phone.offer([sensor]);
    line().events.opened();
    expect(line().sent).toEqual([
      {
        hello: {
          version: 3,
          apiKey: 'pair_1',
          deviceId: 'phone-1',
          deviceType: 'iPhone',
          connection: 'ip',
          sensors: [{ name: 'Accelerometer', maxSampleLengthS: 300, frequencies: [50, 25] }],
          liveStream: true,
        },
      },
    ]);
    expect(news().connection).toBe('connecting');
    say({ hello: true });
    expect(news().connection).toBe('connected');
  });

  it('records what it is asked for, says how it goes, and uploads exactly that', async () => {
    const all = together();
    all.greet();
    all.say({
      sample: { label: 'wave', length: 80, interval: 20, path: '/api/testing/data', sensor: 'Accelerometer' },
    });
    await all.settle();
    all.move([1], [2]);
    expect(all.news().recording).toEqual({ label: 'wave', share: 0.5, isUploading: false });
    all.move([3], [4], [5]);
    await all.settle();
    expect(all.uploads).toEqual([
      {
        category: 'testing',
        label: 'wave',
        payload: {
          device_name: 'phone-1',
          device_type: 'iPhone',
          interval_ms: 20,
          sensors: all.sensor.axes,
          values: [1, 2, 3, 4],
        },
      },
    ]);
    expect(all.line().sent).toEqual([
      { sample: true },
      { sampleStarted: true },
      { sampleReading: true, progressPercentage: 50 },
      { sampleUploading: true },
      { sampleFinished: true },
    ]);
    expect(all.hands.size).toBe(0);
    expect(all.news().recording).toBeNull();
  });

  it('says no to a second recording, to a sensor that it has not, and when the upload is refused', async () => {
    const all = together();
    all.greet();
    all.say({ sample: { label: 'a', length: 20, interval: 20, sensor: 'Camera' } });
    await all.settle();
    expect(all.line().sent).toEqual([{ sample: false, error: "there is no sensor 'Camera' here" }]);
    all.say({ sample: { label: 'a', length: 20, interval: 20 } });
    all.say({ sample: { label: 'b', length: 20, interval: 20 } });
    expect(all.line().sent.at(-1)).toEqual({ sample: false, error: 'it is recording already' });
    await all.settle();
    all.world.upload.mockRejectedValueOnce(new Error('The disk is full.'));
    all.move([1]);
    await all.settle();
    expect(all.line().sent.at(-1)).toEqual({ sample: false, error: 'The disk is full.' });
    expect(all.news().error).toBe('The disk is full.');
  });

  it('gives up a recording when the sensor falls silent', async () => {
    const all = together();
    all.greet();
    all.say({ sample: { label: 'a', length: 1000, interval: 20 } });
    await all.settle();
    all.move([1]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(all.line().sent.at(-1)).toMatchObject({ sample: false });
    expect(all.hands.size).toBe(0);
  });

  it('streams while somebody looks, and counts what a slow line does not take', async () => {
    const all = together();
    all.greet();
    all.say({ live: { on: true } });
    await all.settle();
    all.move([1], [2]);
    all.line().bufferedAmount = 1e6;
    all.move([3]);
    all.line().bufferedAmount = 0;
    all.move([4]);
    all.say({ live: { on: false } });
    all.move([5]);
    const { axes } = all.sensor;
    expect(all.line().sent).toEqual([
      { liveStarted: true },
      { liveData: { first: 0, interval: 20, axes, values: [[1], [2]], lost: 0 } },
      { liveData: { first: 3, interval: 20, axes, values: [[4]], lost: 1 } },
      { liveStopped: true },
    ]);
    expect(all.hands.size).toBe(0);
  });

  it('comes back by itself, ever less often, but not to a studio that does not want it', async () => {
    const all = together();
    all.greet();
    all.line().events.closed(1006);
    expect(all.news().connection).toBe('away');
    await vi.advanceTimersByTimeAsync(500);
    expect(all.lines).toHaveLength(2);
    all.line().events.closed(1006);
    await vi.advanceTimersByTimeAsync(500);
    expect(all.lines).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(all.lines).toHaveLength(3);
    all.line().events.opened();
    all.say({ hello: false, err: 'this code is too old' });
    all.line().events.closed(1008);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(all.lines).toHaveLength(3);
    expect(all.news()).toMatchObject({ connection: 'refused', error: 'this code is too old' });
  });

  it('leaves when the same browser comes by another window', async () => {
    const all = together();
    all.greet();
    all.line().events.closed(4001);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(all.lines).toHaveLength(1);
    expect(all.news().connection).toBe('refused');
  });

  it('ends a recording when the connection does, and takes the next one', async () => {
    const all = together();
    all.greet();
    all.say({ sample: { label: 'a', length: 1000, interval: 20 } });
    await all.settle();
    all.line().events.closed(1006);
    await vi.advanceTimersByTimeAsync(500);
    expect(all.hands.size).toBe(0);
    all.line().events.opened();
    all.say({ hello: true });
    all.say({ sample: { label: 'b', length: 20, interval: 20 } });
    await all.settle();
    all.move([1]);
    await all.settle();
    expect(all.uploads.map(({ label }) => label)).toEqual(['b']);
  });
});

describe('categoryOf', () => {
  it('reads where a recording belongs off the path that devices are told', () => {
    expect(categoryOf('/api/split/data')).toBe('split');
    expect(categoryOf('/api/anomaly/data')).toBe('anomaly');
    expect(categoryOf('')).toBe('training');
  });
});

describe('deviceTypeOf', () => {
  it('knows phones by what they call themselves', () => {
    expect(deviceTypeOf('Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148')).toBe('iPhone');
    expect(deviceTypeOf('Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126 Mobile Safari')).toBe('Android phone');
    expect(deviceTypeOf('Mozilla/5.0 (X11; Linux x86_64) Firefox/128')).toBe('Browser');
  });
});
