// Data like that of a project, the same at each visit.
import type { CloudPoints } from '$lib/explorer';
import type { LayerKind } from '$lib/network';
import type { SignalAxis, SignalPage } from '$lib/signal';

/** Numbers from 0 to 1 that look random and never change. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
export const bell = (roll: () => number) => roll() + roll() + roll() + roll() + roll() + roll() - 3;

/** A recording in memory that answers as the server does. */
export class Recording {
  readonly readings: number;

  constructor(
    readonly axes: SignalAxis[],
    readonly intervalMs: number,
    private readonly values: Float32Array[],
  ) {
    this.readings = values[0]!.length;
  }

  page(first: number, count: number, width: number): SignalPage {
    const pixels = Math.min(count, width);
    const exact = count <= width;
    const axes = this.axes.map((axis, index) => {
      const values = this.values[index]!;
      const least = new Array<number>(pixels);
      const greatest = new Array<number>(pixels);
      for (let pixel = 0; pixel < pixels; pixel++) {
        const from = first + Math.floor((count * pixel) / pixels);
        const to = first + Math.floor((count * (pixel + 1)) / pixels);
        let [low, high] = [values[from]!, values[from]!];
        for (let i = from + 1; i < to; i++) {
          const value = values[i]!;
          if (value < low) low = value;
          if (value > high) high = value;
        }
        least[pixel] = low;
        greatest[pixel] = high;
      }
      return { ...axis, least, ...(exact ? {} : { greatest }) };
    });
    return { first, count, interval_ms: this.intervalMs, exact, axes };
  }

  readonly onRange = async (first: number, count: number, width: number): Promise<SignalPage> => {
    await new Promise((resolve) => setTimeout(resolve, 25));
    return this.page(first, count, width);
  };
}

/** Acceleration of a hand that waves and rests, 62.5 Hz, and of a turn rate beside it. */
export function gesture(seconds: number, seed: number, withTurns = false): Recording {
  const roll = dice(seed);
  const count = Math.round(seconds * 62.5);
  const axes = ['x', 'y', 'z'].map((name) => ({ name: `acc ${name}`, units: 'm/s2' }));
  if (withTurns) axes.push({ name: 'gyro z', units: 'deg/s' });
  const values = axes.map(() => new Float32Array(count));
  for (let i = 0; i < count; i++) {
    const time = i / 62.5;
    const strength = Math.max(0, Math.sin((time * Math.PI) / 2.4)) ** 2;
    const swing = Math.sin(time * 2 * Math.PI * 2.3) * strength;
    values[0]![i] = swing * 9 + bell(roll) * 0.4;
    values[1]![i] = Math.cos(time * 2 * Math.PI * 2.3) * strength * 4 + bell(roll) * 0.4;
    values[2]![i] = 9.81 - Math.abs(swing) * 3 + bell(roll) * 0.3;
    if (withTurns) values[3]![i] = swing * 210 + bell(roll) * 8;
  }
  return new Recording(axes, 16, values);
}

/** A minute of clicks at 16 kHz: about a million readings. */
export function sound(count = 1_000_000): Recording {
  const roll = dice(5);
  const values = new Float32Array(count);
  let loud = 0;
  for (let i = 0; i < count; i++) {
    if (roll() < 0.00008) loud = 1;
    loud *= 0.9994;
    values[i] = Math.round((Math.sin(i * 0.21) * loud + (roll() - 0.5) * 0.05) * 20_000);
  }
  return new Recording([{ name: 'audio', units: '' }], 0.0625, [values]);
}

export const LABELS = ['circle', 'idle', 'snake', 'up-down', 'wave'];

/** Clouds of windows, one a label. */
export function cloud(count: number, labels: number, isSolid = false): CloudPoints {
  const roll = dice(9);
  const centres = Array.from({ length: labels }, () => [bell(roll) * 3, bell(roll) * 3, bell(roll) * 3]);
  const points = {
    x: new Float32Array(count),
    y: new Float32Array(count),
    z: new Float32Array(count),
    label: new Uint16Array(count),
    testing: new Uint8Array(count),
  };
  for (let i = 0; i < count; i++) {
    const label = Math.floor((i / count) * labels);
    const centre = centres[label]!;
    const lean = bell(roll);
    points.x[i] = centre[0]! + bell(roll) + lean;
    points.y[i] = centre[1]! + bell(roll) * 0.7 + lean * 0.6;
    points.z[i] = centre[2]! + bell(roll) - lean * 0.4;
    points.label[i] = label;
    points.testing[i] = roll() < 0.2 ? 1 : 0;
  }
  const { z, ...flat } = points;
  return isSolid ? { ...flat, z } : flat;
}

/** Losses and accuracies that look like a training's. */
export function curve(epochs: number): [number, number, number, number][] {
  const roll = dice(3);
  return Array.from({ length: epochs }, (_, epoch) => {
    const far = Math.exp(-epoch / 18);
    const wobble = bell(roll) * 0.02 * (0.3 + far);
    return [
      0.06 + 1.5 * far + wobble,
      Math.min(1, 0.985 - 0.75 * far - wobble),
      0.14 + 1.45 * far + 0.0009 * epoch + bell(roll) * 0.03,
      Math.min(1, 0.958 - 0.74 * far + bell(roll) * 0.01),
    ];
  });
}

export function spectralPreview(power: number) {
  const roll = dice(11);
  const features: number[] = [];
  const names: { axis: string; text: string; unit: string }[] = [];
  for (const axis of ['accX', 'accY', 'accZ']) {
    for (const text of ['RMS', 'Skewness', 'Kurtosis']) {
      names.push({ axis, text, unit: '' });
      features.push(bell(roll) * 2);
    }
    for (let bin = 1; bin <= 16; bin++) {
      names.push({
        axis,
        text: `Spectral Power ${(bin * 1.95 - 0.98).toFixed(2)} - ${(bin * 1.95 + 0.98).toFixed(2)} Hz`,
        unit: '',
      });
      features.push(power * Math.exp(-((bin - 3 - axis.charCodeAt(3) + 88) ** 2) / 6) - 2 + bell(roll) * 0.2);
    }
  }
  return {
    features,
    names,
    readings: 125,
    layout: { kind: 'flat' as const, width: features.length, height: 1, channels: 1 },
  };
}

export function spectrogramPreview() {
  const roll = dice(13);
  const [width, height] = [99, 40];
  const features: number[] = [];
  for (let frame = 0; frame < width; frame++) {
    for (let band = 0; band < height; band++) {
      const tone = Math.exp(-((band - 12 - 8 * Math.sin(frame / 14)) ** 2) / 8) * Math.exp(-((frame - 50) ** 2) / 600);
      features.push(-60 + 55 * tone + 20 * Math.exp(-band / 6) + bell(roll) * 3);
    }
  }
  return {
    features,
    names: [],
    readings: 16_000,
    layout: { kind: 'spectrogram' as const, width, height, channels: 1 },
  };
}

const integer = (name: string, label: string, value: number, maximum: number) => ({
  name,
  label,
  unit: '',
  sentence: '',
  kind: 'integer' as const,
  default: value,
  minimum: 1,
  maximum,
});

export const LAYER_KINDS: LayerKind[] = [
  {
    name: 'conv1d',
    title: 'Convolution',
    sentence: 'filters that slide over time',
    parameters: [integer('filters', 'filters', 16, 512), integer('width', 'width', 3, 31)],
  },
  {
    name: 'max_pool',
    title: 'Max pool',
    sentence: 'keeps the greatest of neighbours',
    parameters: [integer('width', 'width', 2, 8)],
  },
  { name: 'flatten', title: 'Flatten', sentence: 'one row of numbers', parameters: [] },
  {
    name: 'dense',
    title: 'Dense',
    sentence: 'every feature to every unit',
    parameters: [integer('units', 'units', 20, 1024)],
  },
  {
    name: 'dropout',
    title: 'Dropout',
    sentence: 'forgets some values while it trains',
    parameters: [{ ...integer('rate', 'share', 0, 0.9), kind: 'number', default: 0.1, minimum: 0 }],
  },
];
