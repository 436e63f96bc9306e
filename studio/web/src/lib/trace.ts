// The last seconds of a signal that goes on, in so many places that they can be drawn sixty times a second.
import type { SignalPage } from './signal';

export interface TraceAxis {
  name: string;
  units: string;
  values: readonly number[];
}

export class Trace {
  #axes: { name: string; units: string; least: number[]; greatest: number[] }[] = [];
  #intervalMs = 0;
  /** Readings in the last place, which may not be full. */
  #inLast = 0;
  #perPlace = 1;

  constructor(
    readonly spanMs: number,
    readonly places = 600,
  ) {}

  push(axes: readonly TraceAxis[], intervalMs: number): void {
    const names = (list: readonly { name: string }[]): string => list.map((axis) => axis.name).join('\n');
    if (names(axes) !== names(this.#axes) || intervalMs !== this.#intervalMs) {
      this.#axes = axes.map(({ name, units }) => ({ name, units, least: [], greatest: [] }));
      this.#intervalMs = intervalMs;
      this.#perPlace = Math.max(1, Math.ceil(this.spanMs / intervalMs / this.places));
      this.#inLast = this.#perPlace;
    }
    const count = axes[0]?.values.length ?? 0;
    for (let i = 0; i < count; i++) {
      const isNew = this.#inLast >= this.#perPlace;
      this.#inLast = isNew ? 1 : this.#inLast + 1;
      this.#axes.forEach((axis, place) => {
        const value = axes[place]?.values[i] ?? 0;
        const last = axis.least.length - 1;
        if (isNew) {
          axis.least.push(value);
          axis.greatest.push(value);
        } else {
          axis.least[last] = Math.min(axis.least[last] ?? value, value);
          axis.greatest[last] = Math.max(axis.greatest[last] ?? value, value);
        }
      });
    }
    const most = Math.ceil(this.spanMs / intervalMs / this.#perPlace);
    for (const axis of this.#axes) {
      const surplus = axis.least.length - most;
      if (surplus <= 0) continue;
      axis.least.splice(0, surplus);
      axis.greatest.splice(0, surplus);
    }
  }

  /** What can be drawn, and how much of the span it fills. */
  page(): { page: SignalPage; share: number } | undefined {
    const places = this.#axes[0]?.least.length ?? 0;
    if (places < 2) return undefined;
    const count = places * this.#perPlace;
    return {
      page: { first: 0, count, interval_ms: this.#intervalMs, exact: this.#perPlace === 1, axes: this.#axes },
      share: Math.min(1, (count * this.#intervalMs) / this.spanMs),
    };
  }
}
