// The table of a project's windows that the job `features` makes, as the explorer takes it.
import { sortedLabels } from '$lib/colour';

/** A window: sample, beginning, part, label, and its place in the plane. */
export type ExploredWindow = [sample: number, startMs: number, part: string, label: string, x: number, y: number];

/** features.json. */
export interface ExploredFile {
  block: string;
  windows: ExploredWindow[];
}

export interface Explored {
  windows: ExploredWindow[];
  labels: string[];
  points: { x: Float32Array; y: Float32Array; label: Uint16Array; testing: Uint8Array };
}

export function explore(file: ExploredFile): Explored {
  const labels = sortedLabels(file.windows.map((window) => window[3]));
  const places = new Map(labels.map((label, place) => [label, place]));
  const { windows } = file;
  return {
    windows,
    labels,
    points: {
      x: Float32Array.from(windows, (window) => window[4]),
      y: Float32Array.from(windows, (window) => window[5]),
      label: Uint16Array.from(windows, (window) => places.get(window[3]) ?? 0),
      testing: Uint8Array.from(windows, (window) => (window[2] === 'testing' ? 1 : 0)),
    },
  };
}
