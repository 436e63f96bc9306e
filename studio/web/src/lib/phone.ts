// A browser as a device: what it says to the studio by remote management, and does when it is asked.
// The messages: docs/formats/live.md, and Edge Impulse's remote management, hello version 3.
import { acquisitionText, type Acquisition, type Axis } from './acquisition';

export interface Sensor {
  name: string;
  axes: readonly Axis[];
  /** Which it can be asked for, the fastest first. */
  ratesHz: readonly number[];
  mostSeconds: number;
  /** Gives readings, this far apart, until what it answers with is called. Throws a sentence. */
  listen(intervalMs: number, heard: (rows: number[][]) => void): Promise<() => void>;
}

export interface Self {
  code: string;
  deviceId: string;
  deviceType: string;
}

/** As a page shows it. */
export interface PhoneNews {
  /** "refused": the studio does not want it, and asking again would not help. */
  connection: 'connecting' | 'connected' | 'away' | 'refused';
  /** Why it is refused, or what went wrong with the last recording. */
  error: string;
  /** Somebody looks at its signal. */
  isWatched: boolean;
  /** What the studio asked for and is being done. */
  recording: { label: string; share: number; isUploading: boolean } | null;
}

/** What is needed of a WebSocket. */
export interface Line {
  send(text: string): void;
  close(): void;
  readonly bufferedAmount: number;
}
export interface LineEvents {
  opened(): void;
  heard(text: string): void;
  closed(code: number): void;
}

/** "/api/testing/data" → "testing"; what devices are told where to upload. */
export type Category = 'training' | 'testing' | 'anomaly' | 'split';

export interface World {
  connect(events: LineEvents): Line;
  /** Brings a recording; throws a sentence. */
  upload(category: Category, label: string, text: string): Promise<void>;
}

interface SampleRequest {
  label?: string;
  length?: number;
  interval?: number;
  path?: string;
  hmacKey?: string;
  sensor?: string;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;
const REPLACED = 4001; // how the studio closes a connection when the same device comes by another one
/** A line that takes no more for so long has readings left out, and counted. */
const MOST_WAITING_BYTES = 256 * 1024;
const TELL_EVERY_MS = 250;
const MOST_PAUSE_MS = 5000;

const sentenceOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

export function categoryOf(path: string): Category {
  const named = /^\/api\/(training|testing|anomaly|split)\//.exec(path);
  return (named?.[1] as Category | undefined) ?? 'training';
}

/** Which kind of thing this browser runs on, by what it calls itself. */
export function deviceTypeOf(userAgent: string): string {
  for (const [sign, type] of [
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Android', userAgent.includes('Mobile') ? 'Android phone' : 'Android tablet'],
  ] as const) {
    if (userAgent.includes(sign)) return type;
  }
  return 'Browser';
}

export class Phone {
  #line: Line | undefined;
  #sensors: readonly Sensor[] = [];
  #retryMs = FIRST_RETRY_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #stopLive: (() => void) | undefined;
  /** Counts how often the live signal was switched: what was begun before that is over. */
  #liveTurn = 0;
  #stopRecording: (() => void) | undefined;
  #news: PhoneNews = { connection: 'away', error: '', isWatched: false, recording: null };

  constructor(
    private readonly self: Self,
    private readonly world: World,
    private readonly tell: (news: PhoneNews) => void,
  ) {}

  /** Comes in with these, or comes in anew: sensors are said once, at the beginning. Without any it goes. */
  offer(sensors: readonly Sensor[]): void {
    this.close();
    this.#sensors = sensors;
    if (sensors.length > 0) this.#connect();
  }

  close(): void {
    clearTimeout(this.#retry);
    const line = this.#line;
    this.#line = undefined;
    this.#drop();
    this.#say({ connection: 'away' });
    line?.close();
  }

  #say(change: Partial<PhoneNews>): void {
    this.#news = { ...this.#news, ...change };
    this.tell(this.#news);
  }

  #send(message: object): void {
    this.#line?.send(JSON.stringify(message));
  }

  /** What was going on ends with the connection. */
  #drop(): void {
    this.#live(false);
    this.#stopRecording?.();
    this.#stopRecording = undefined;
    this.#say({ recording: null });
  }

  #connect(): void {
    this.#say({ connection: 'connecting' });
    const line: Line = this.world.connect({
      opened: () => {
        if (this.#line !== line) return;
        const { code, deviceId, deviceType } = this.self;
        const sensors = this.#sensors.map(({ name, mostSeconds, ratesHz }) => ({
          name,
          maxSampleLengthS: mostSeconds,
          frequencies: ratesHz,
        }));
        const hello = { version: 3, apiKey: code, deviceId, deviceType, connection: 'ip', sensors, liveStream: true };
        this.#send({ hello });
      },
      heard: (text) => {
        if (this.#line === line) this.#heard(text);
      },
      closed: (code) => {
        if (this.#line !== line) return;
        this.#line = undefined;
        this.#drop();
        if (this.#news.connection === 'refused') return;
        if (code === REPLACED) {
          this.#say({ connection: 'refused', error: 'It goes on in another window of this browser.' });
          return;
        }
        this.#say({ connection: 'away' });
        this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
        this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
      },
    });
    this.#line = line;
  }

  #heard(text: string): void {
    let message: Record<string, unknown>;
    try {
      message = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return;
    }
    if (message.hello === true) {
      this.#retryMs = FIRST_RETRY_MS;
      this.#say({ connection: 'connected', error: '' });
    } else if (message.hello === false) {
      this.#say({ connection: 'refused', error: String(message.err ?? 'The studio does not let it in.') });
    } else if (message.sample) {
      void this.#record(message.sample as SampleRequest);
    } else if (message.live) {
      const { on, sensor } = message.live as { on?: boolean; sensor?: string };
      this.#live(on === true, sensor);
    }
  }

  #sensorNamed(name: string | undefined): Sensor {
    const found = name ? this.#sensors.find((sensor) => sensor.name === name) : this.#sensors[0];
    if (!found) throw new Error(`there is no sensor '${name ?? ''}' here`);
    return found;
  }

  #live(on: boolean, name?: string): void {
    const turn = ++this.#liveTurn;
    const was = this.#stopLive !== undefined;
    this.#stopLive?.();
    this.#stopLive = undefined;
    this.#say({ isWatched: on });
    if (!on) {
      if (was) this.#send({ liveStopped: true });
      return;
    }
    void this.#stream(turn, name).catch((thrown: unknown) => {
      if (turn !== this.#liveTurn) return;
      this.#say({ isWatched: false });
      this.#send({ liveFailed: true, error: sentenceOf(thrown) });
    });
  }

  async #stream(turn: number, name: string | undefined): Promise<void> {
    const sensor = this.#sensorNamed(name);
    const interval = 1000 / sensor.ratesHz[0]!;
    let [first, lost] = [0, 0];
    const stop = await sensor.listen(interval, (values) => {
      if (turn !== this.#liveTurn || values.length === 0) return;
      if ((this.#line?.bufferedAmount ?? 0) > MOST_WAITING_BYTES) {
        lost += values.length;
      } else {
        this.#send({ liveData: { first, interval, axes: sensor.axes, values, lost } });
        lost = 0;
      }
      first += values.length;
    });
    if (turn !== this.#liveTurn) return stop();
    this.#stopLive = stop;
    this.#send({ liveStarted: true });
  }

  async #record(wish: SampleRequest): Promise<void> {
    if (this.#stopRecording || this.#news.recording) {
      this.#send({ sample: false, error: 'it is recording already' });
      return;
    }
    const line = this.#line;
    const label = wish.label ?? '';
    try {
      const sensor = this.#sensorNamed(wish.sensor);
      const intervalMs = wish.interval && wish.interval > 0 ? wish.interval : 1000 / sensor.ratesHz[0]!;
      const count = Math.max(1, Math.round((wish.length ?? 10_000) / intervalMs));
      this.#say({ recording: { label, share: 0, isUploading: false }, error: '' });
      this.#send({ sample: true });
      const rows = await this.#collect(sensor, intervalMs, count, (share) => {
        this.#say({ recording: { label, share, isUploading: false } });
        this.#send(
          share === 0
            ? { sampleStarted: true }
            : { sampleReading: true, progressPercentage: Math.min(100, Math.round(100 * share)) },
        );
      });
      this.#say({ recording: { label, share: 1, isUploading: true } });
      this.#send({ sampleUploading: true });
      await this.upload(categoryOf(wish.path ?? ''), label, { intervalMs, axes: sensor.axes, rows }, wish.hmacKey);
      if (this.#line === line) this.#send({ sampleFinished: true });
      this.#say({ recording: null });
    } catch (thrown) {
      // Of a connection that is gone nobody waits for the end.
      if (this.#line !== line) return;
      this.#send({ sample: false, error: sentenceOf(thrown) });
      this.#say({ recording: null, error: sentenceOf(thrown) });
    }
  }

  /** Exactly `count` readings; tells 0 at the first one, and now and then how far it is. */
  #collect(
    sensor: Sensor,
    intervalMs: number,
    count: number,
    tell: (share: number) => void,
  ): Promise<readonly number[][]> {
    return new Promise((resolve, reject) => {
      const rows: number[][] = [];
      let stop: (() => void) | undefined;
      let isOver = false;
      let toldMs = -Infinity;
      let watch: ReturnType<typeof setTimeout>;
      const end = (error?: string): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(watch);
        stop?.();
        this.#stopRecording = undefined;
        if (error === undefined) resolve(rows);
        else reject(new Error(error));
      };
      const wait = (): void => {
        clearTimeout(watch);
        watch = setTimeout(
          () => end('the sensor gives nothing; keep this page in front while it records'),
          MOST_PAUSE_MS,
        );
      };
      this.#stopRecording = () => end('the connection to the studio was lost');
      wait();
      sensor
        .listen(intervalMs, (more) => {
          if (isOver || more.length === 0) return;
          wait();
          if (rows.length === 0) tell(0);
          for (const row of more.slice(0, count - rows.length)) rows.push(row);
          if (rows.length === count) return end();
          if (performance.now() - toldMs < TELL_EVERY_MS) return;
          toldMs = performance.now();
          tell(rows.length / count);
        })
        .then(
          (stops) => {
            stop = stops;
            if (isOver) stops();
          },
          (thrown: unknown) => end(sentenceOf(thrown)),
        );
    });
  }

  /** Also for what was recorded here without being asked. */
  async upload(
    category: Category,
    label: string,
    of: Omit<Acquisition, 'deviceId' | 'deviceType'>,
    hmacKey?: string,
  ): Promise<void> {
    const { deviceId, deviceType } = this.self;
    await this.world.upload(category, label, await acquisitionText({ ...of, deviceId, deviceType }, hmacKey));
  }
}
