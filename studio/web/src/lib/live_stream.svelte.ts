// What a device senses while somebody looks, and what is said of it: docs/formats/live.md.
import type { LiveRow } from '$lib/live';
import { Trace, type TraceAxis } from '$lib/trace';
import { urlOf } from '$lib/api/client';

interface ReadingsEvent {
  first: number;
  interval_ms: number;
  lost: number;
  axes: TraceAxis[];
}

interface ScoresEvent {
  reading: number;
  time_ms?: number;
  labels?: string[];
  scores?: number[];
  label?: string;
  score?: number;
  anomaly?: { score: number; strange: boolean };
}

interface VerdictEvent {
  reading: number;
  label?: string;
  score?: number;
  dsp_cycles?: number;
  network_cycles?: number;
}

const AGAIN_MS = 2000;
const SPAN_MS = 10_000;
const MOST_ROWS = 400;

/** Listens as long as it is open. */
export class LiveStream {
  state = $state<'waiting' | 'streaming' | 'stopped'>('waiting');
  /** Why it does not stream, or why nothing is judged. */
  trouble = $state('');
  lost = $state(0);
  /** Rises with every piece of signal: what is drawn from `trace` is drawn again. */
  pieces = $state(0);
  labels = $state.raw<string[]>([]);
  rows = $state.raw<readonly LiveRow[]>([]);
  said = $state.raw<ScoresEvent>();
  verdict = $state.raw<VerdictEvent>();
  readonly trace = new Trace(SPAN_MS);
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly project: number,
    private readonly device: string,
    private readonly query: { sensor?: string; training?: number },
  ) {
    this.#open();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  #open(): void {
    const path = { project: this.project, device: this.device };
    const source = new EventSource(urlOf('/api/v1/projects/{project}/live-devices/{device}/live', path, this.query));
    this.#source = source;
    const hear = <T>(kind: string, heard: (event: T) => void): void =>
      source.addEventListener(kind, (message: MessageEvent<string>) => heard(JSON.parse(message.data) as T));
    hear<{ state: string; error?: string }>('state', ({ state, error }) => {
      this.trouble = error ?? '';
      if (state === 'streaming' || state === 'stopped') this.state = state;
    });
    hear<ReadingsEvent>('readings', ({ axes, interval_ms, lost }) => {
      this.state = 'streaming';
      this.lost += lost;
      this.trace.push(axes, interval_ms);
      this.pieces += 1;
    });
    hear<ScoresEvent>('scores', (event) => {
      this.said = event;
      if (!event.labels || !event.scores) return;
      if (event.labels.join('\n') !== this.labels.join('\n')) {
        this.labels = event.labels;
        this.rows = [];
      }
      const row = { ms: event.time_ms ?? performance.now(), scores: event.scores };
      // A device that comes back counts from 0 again.
      const before = (this.rows.at(-1)?.ms ?? -1) < row.ms ? this.rows : [];
      this.rows = [...before.slice(-MOST_ROWS), row];
    });
    hear<VerdictEvent>('verdict', (event) => (this.verdict = event));
    source.onerror = () => {
      this.state = 'waiting';
      if (source.readyState === EventSource.CLOSED) this.#timer = setTimeout(() => this.#open(), AGAIN_MS);
    };
  }
}
