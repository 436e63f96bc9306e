// Long signals as wide as a screen: which stretch is seen, what of it is here already, and what to ask for.

export interface SignalAxis {
  name: string;
  units: string;
}

/**
 * A stretch of a recording as `GET …/samples/{sample}/values` gives it: of each pixel the least and the greatest reading,
 * or, when `exact`, all readings in `least`. Pixel p of n holds the readings from ⌊count·p/n⌋ up to ⌊count·(p+1)/n⌋.
 */
export interface SignalPage {
  first: number;
  count: number;
  interval_ms: number;
  exact: boolean;
  axes: (SignalAxis & { least: number[]; greatest?: number[] })[];
}

/** What is seen, in readings; both may have fractions. */
export interface View {
  first: number;
  count: number;
}

const FEWEST_READINGS = 8;

/** The view, not wider than the recording and not out of it. */
export function clampView(view: View, readings: number): View {
  const count = Math.min(Math.max(view.count, Math.min(FEWEST_READINGS, readings)), readings);
  return { first: Math.min(Math.max(view.first, 0), readings - count), count };
}

/** `factor` below 1 comes closer; reading `at` stays where it is on the screen. */
export function zoomView(view: View, factor: number, at: number, readings: number): View {
  const { count } = clampView({ first: 0, count: view.count * factor }, readings);
  return clampView({ first: at - ((at - view.first) * count) / view.count, count }, readings);
}

/** The view, moved as little as needed for reading `at` to be well inside. */
export function followView(view: View, at: number, readings: number): View {
  const margin = view.count * 0.05;
  if (at < view.first + margin) return clampView({ ...view, first: at - margin }, readings);
  if (at > view.first + view.count - margin) return clampView({ ...view, first: at + margin - view.count }, readings);
  return view;
}

const pixelsOf = (page: SignalPage) => page.axes[0]?.least.length ?? 0;
const stepOf = (page: SignalPage) => page.count / Math.max(1, pixelsOf(page));
const endOf = (page: SignalPage) => page.first + page.count;

/** One axis at one place: the same number twice where it is known exactly. */
export interface Extent {
  least: number;
  greatest: number;
}

/** Points to draw, in the order of `x`, which is in readings; one list of `ys` an axis. */
export interface Points {
  x: Float64Array;
  ys: Float64Array[];
}

/** Remembers what came, so that moving back asks nothing, and says what to draw at once while finer data is under way. */
export class SignalPages {
  /** The finest first; of the same fineness the newest. */
  #pages: SignalPage[] = [];
  /** The same, the oldest first. */
  #ages: SignalPage[] = [];

  constructor(
    readonly readings: number,
    private readonly most = 16,
  ) {}

  get isEmpty(): boolean {
    return this.#pages.length === 0;
  }

  add(page: SignalPage): void {
    const place = this.#pages.findIndex((other) => stepOf(other) >= stepOf(page));
    this.#pages.splice(place < 0 ? this.#pages.length : place, 0, page);
    this.#ages.push(page);
    if (this.#pages.length <= this.most) return;
    // The coarsest is the whole recording: it stays.
    const goes = this.#ages.findIndex((one) => one !== this.#pages.at(-1));
    const [gone] = this.#ages.splice(goes, 1);
    this.#pages = this.#pages.filter((one) => one !== gone);
  }

  /** What to ask for when the view is `width` pixels wide, with half a view at both sides; null: it is all here. */
  wish(view: View, width: number): { first: number; count: number; width: number } | null {
    const wanted = view.count / width;
    const from = Math.floor(view.first);
    const to = Math.min(Math.ceil(view.first + view.count), this.readings);
    const isHere = this.#pages.some(
      (page) => page.first <= from && endOf(page) >= to && (page.exact || stepOf(page) <= wanted * 1.5),
    );
    if (isHere) return null;
    const first = Math.max(0, Math.floor(from - view.count / 2));
    const last = Math.min(this.readings, Math.ceil(to + view.count / 2));
    const count = last - first;
    return { first, count, width: Math.max(1, Math.ceil((width * count) / view.count)) };
  }

  /** The best there is for a view, and a little to its sides, so that lines leave the screen. */
  points(view: View, width: number): Points {
    // Far finer than the screen would only cost time.
    const finest = view.count / width / 8;
    const pages = this.#pages.filter((page, place) => place === this.#pages.length - 1 || stepOf(page) >= finest);
    const margin = view.count * 0.5;
    const pieces = cover(view.first - margin, view.first + view.count + margin, pages);
    const axes = pages[0]?.axes.length ?? 0;
    const x: number[] = [];
    const ys: number[][] = Array.from({ length: axes }, () => []);
    for (const { page, from, to } of pieces) {
      const step = stepOf(page);
      const begin = Math.max(0, Math.ceil((from - page.first) / step - 0.5));
      const end = Math.min(pixelsOf(page), Math.ceil((to - page.first) / step - 0.5));
      for (let pixel = begin; pixel < end; pixel++) {
        if (page.exact) {
          x.push(page.first + pixel);
          for (let axis = 0; axis < axes; axis++) ys[axis]!.push(page.axes[axis]!.least[pixel]!);
          continue;
        }
        const centre = page.first + (pixel + 0.5) * step - 0.5;
        x.push(centre - step / 4, centre + step / 4);
        for (let axis = 0; axis < axes; axis++) {
          const { least, greatest } = page.axes[axis]!;
          ys[axis]!.push(least[pixel]!, greatest?.[pixel] ?? least[pixel]!);
        }
      }
    }
    return { x: Float64Array.from(x), ys: ys.map((y) => Float64Array.from(y)) };
  }

  /** What each axis says at a reading, as finely as it is known; null: nothing is. */
  at(reading: number): Extent[] | null {
    const page = this.#pages.find((one) => one.first <= reading && reading < endOf(one));
    if (!page) return null;
    const pixel = Math.min(Math.floor((reading - page.first) / stepOf(page)), pixelsOf(page) - 1);
    return page.axes.map(({ least, greatest }) => ({
      least: least[pixel]!,
      greatest: greatest?.[pixel] ?? least[pixel]!,
    }));
  }

  /** Of each axis over the whole recording, as far as it is known. */
  extents(): Extent[] {
    return this.#pages.at(-1)?.axes.map(extentOf) ?? [];
  }
}

function extentOf(axis: { least: number[]; greatest?: number[] }): Extent {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of axis.least) least = Math.min(least, value);
  for (const value of axis.greatest ?? axis.least) greatest = Math.max(greatest, value);
  return { least, greatest };
}

interface Piece {
  page: SignalPage;
  from: number;
  to: number;
}

/** [from, to) without gaps or overlaps, from the first of `pages` that has it. */
function cover(from: number, to: number, pages: SignalPage[]): Piece[] {
  if (from >= to) return [];
  const place = pages.findIndex((page) => page.first < to && endOf(page) > from);
  if (place < 0) return [];
  const page = pages[place]!;
  const rest = pages.slice(place + 1);
  const begin = Math.max(from, page.first);
  const end = Math.min(to, endOf(page));
  return [...cover(from, begin, rest), { page, from: begin, to: end }, ...cover(end, to, rest)];
}

/** Axes of one unit share a scale; `scaleOf[axis]` is the place of its unit in `units`. */
export function scalesOf(axes: SignalAxis[]): { units: string[]; scaleOf: number[] } {
  const units = [...new Set(axes.map((axis) => axis.units))];
  return { units, scaleOf: axes.map((axis) => units.indexOf(axis.units)) };
}

/**
 * Draws a whole page into a small picture: each axis a band from least to greatest, those of one unit on one scale.
 * `context` is `width` × `height` units large and empty.
 */
export function drawWaveform(
  context: CanvasRenderingContext2D,
  page: SignalPage,
  width: number,
  height: number,
  colour: (axis: number) => string,
): void {
  const { units, scaleOf } = scalesOf(page.axes);
  const ranges = units.map((_, scale) => {
    const own = page.axes.filter((_, axis) => scaleOf[axis] === scale).map(extentOf);
    const least = Math.min(...own.map((extent) => extent.least));
    const greatest = Math.max(...own.map((extent) => extent.greatest));
    return greatest > least ? { least, greatest } : { least: least - 1, greatest: greatest + 1 };
  });
  const line = 1;
  context.lineWidth = line;
  context.lineJoin = 'round';
  // What lies behind shows through.
  context.globalAlpha = page.axes.length > 1 ? 0.8 : 1;
  page.axes.forEach((axis, index) => {
    const { least, greatest } = ranges[scaleOf[index]!]!;
    const pixels = axis.least.length;
    const x = (pixel: number) => (pixels > 1 ? (pixel / (pixels - 1)) * (width - line) + line / 2 : width / 2);
    const y = (value: number) => line / 2 + ((greatest - value) / (greatest - least)) * (height - line);
    context.beginPath();
    (axis.greatest ?? axis.least).forEach((value, pixel) => context.lineTo(x(pixel), y(value)));
    if (axis.greatest) {
      for (let pixel = pixels - 1; pixel >= 0; pixel--) context.lineTo(x(pixel), y(axis.least[pixel]!));
      context.closePath();
      context.fillStyle = colour(index);
      context.fill();
    }
    context.strokeStyle = colour(index);
    context.stroke();
  });
}

/** A marked stretch of a recording. */
export interface Selection {
  id: number;
  first: number;
  count: number;
  label?: string;
}

/** From one reading to another, in either order, both included. */
export function between(one: number, other: number, readings: number): { first: number; count: number } {
  const clamp = (reading: number) => Math.min(Math.max(Math.round(reading), 0), readings - 1);
  const first = clamp(Math.min(one, other));
  return { first, count: clamp(Math.max(one, other)) - first + 1 };
}

/** The selection with one end or all of it moved by `by` readings; never empty, never outside. */
export function moved(selection: Selection, what: 'start' | 'end' | 'whole', by: number, readings: number): Selection {
  const { first, count } = selection;
  const shift = Math.round(by);
  if (what === 'whole') return { ...selection, first: Math.min(Math.max(first + shift, 0), readings - count) };
  if (what === 'end') return { ...selection, count: Math.min(Math.max(count + shift, 1), readings - first) };
  const start = Math.min(Math.max(first + shift, 0), first + count - 1);
  return { ...selection, first: start, count: first + count - start };
}
