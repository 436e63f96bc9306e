// Recordings as sound.
import { api, type Sample } from '$lib/api/client';

const LEAST_HZ = 4000;
const MOST_READINGS = 20_000; // that the server gives unthinned at once

/** Whether it makes sense to listen to it. */
export function isSound(sample: Sample): boolean {
  return sample.kind === 'time-series' && sample.axes.length === 1 && sample.frequency_hz >= LEAST_HZ;
}

/** All readings of the first axis, as loud as they go without being cut. */
async function readingsOf(project: number, sample: Sample, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
  const readings = new Float32Array(sample.readings);
  for (let first = 0; first < sample.readings; first += MOST_READINGS) {
    const count = Math.min(MOST_READINGS, sample.readings - first);
    const values = await api.get('/api/v1/projects/{project}/samples/{sample}/values', {
      path: { project, sample: sample.id },
      query: { first, count, width: MOST_READINGS },
      signal,
    });
    readings.set(values.axes[0]?.least ?? [], first);
  }
  const greatest = readings.reduce((most, reading) => Math.max(most, Math.abs(reading)), 0);
  return greatest === 0 ? readings : readings.map((reading) => (reading / greatest) * 0.9);
}

/** Plays one recording at a time; `onPlace` is told where it is, and null when it ends. */
export class Player {
  #context: AudioContext | undefined;
  #controller = new AbortController();

  async play(project: number, sample: Sample, fromMs: number, onPlace: (ms: number | null) => void): Promise<void> {
    this.stop();
    const { signal } = (this.#controller = new AbortController());
    // Made at the click: browsers let pages sound only then.
    const context = (this.#context ??= new AudioContext());
    await context.resume();
    const readings = await readingsOf(project, sample, signal);
    if (signal.aborted) return;
    const buffer = context.createBuffer(1, readings.length, sample.frequency_hz);
    buffer.copyToChannel(readings, 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    const begun = context.currentTime - fromMs / 1000;
    const follow = (): void => {
      if (signal.aborted) return;
      onPlace((context.currentTime - begun) * 1000);
      requestAnimationFrame(follow);
    };
    source.onended = () => this.#controller.signal === signal && this.stop();
    signal.addEventListener('abort', () => {
      source.onended = null;
      source.stop();
      onPlace(null);
    });
    source.start(0, fromMs / 1000);
    follow();
  }

  stop(): void {
    this.#controller.abort();
  }
}
