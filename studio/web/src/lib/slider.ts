// Where a number sits on a slider: evenly between its bounds, or by ratio where they lie far apart.

interface Bounded {
  kind: 'number' | 'integer' | 'flag' | 'choice';
  minimum?: number;
  maximum?: number;
}

export interface Slider {
  /** Places from 0 to this. */
  steps: number;
  placeOf(value: number): number;
  valueAt(place: number): number;
}

const MOST_STEPS = 200;

/** null: it has no two bounds, or ones between which no hand finds anything. */
export function sliderOf({ kind, minimum, maximum }: Bounded): Slider | null {
  if ((kind !== 'number' && kind !== 'integer') || minimum === undefined || maximum === undefined) return null;
  const width = maximum - minimum;
  if (width <= 0 || width > 1e7) return null;
  const isByRatio = minimum >= 0 && maximum / Math.max(minimum, 1) >= 1000;
  const steps = kind === 'integer' && !isByRatio ? Math.min(width, MOST_STEPS) : MOST_STEPS;
  // Zero has no ratio: the scale begins a little before the bound.
  const offset = isByRatio && minimum < 1 ? 1 - minimum : 0;
  const [low, high] = [minimum + offset, maximum + offset];
  const shareOf = (value: number) =>
    isByRatio ? Math.log(Math.max(value + offset, low) / low) / Math.log(high / low) : (value - minimum) / width;
  const numberAt = (share: number) => (isByRatio ? low * (high / low) ** share - offset : minimum + width * share);
  return {
    steps,
    placeOf: (value) => Math.min(Math.max(Math.round(shareOf(value) * steps), 0), steps),
    valueAt: (place) => {
      if (place <= 0) return minimum;
      if (place >= steps) return maximum;
      const exact = numberAt(place / steps);
      if (kind === 'integer') return Math.round(exact);
      // As many digits as one step tells apart.
      const apart = Math.abs(numberAt((place + 1) / steps) - exact);
      return Number(exact.toFixed(Math.min(Math.max(0, Math.ceil(-Math.log10(apart))), 12)));
    },
  };
}
