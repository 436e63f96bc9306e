// What all plots have in common: uPlot in the page's colours, as large as its place.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { inkOf, onResize, type Ink } from './canvas';
import { numberText, placeText } from './text';

/** Steps between marks of time, in seconds: of ten, and above a minute of sixty. */
const TIME_STEPS_S = [
  ...[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1].flatMap((step) => [step, 2 * step, 5 * step]),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400],
];

/** "0.25 s", "90 s" below two minutes; "2:30", "1:02:30" above. `step_s` is the way to the next mark. */
function timeMark(seconds: number, step_s: number, longest_s: number): string {
  if (longest_s < 120) return placeText(seconds * 1000, Math.max(step_s, 1e-6) * 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = (step_s < 1 ? rest.toFixed(1) : Math.round(rest).toString()).padStart(step_s < 1 ? 4 : 2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** The x of all points, then the y of each series. */
export type PlotData = uPlot.AlignedData;

export class Plot {
  readonly uplot: uPlot;
  #ink: Ink;
  readonly #stopWatching: () => void;

  /**
   * `place` is a positioned element of a fixed height, which the plot fills. `options` gets the ink when it draws, so that
   * colours follow the page.
   */
  constructor(
    private readonly place: HTMLElement,
    options: (ink: () => Ink) => Omit<uPlot.Options, 'width' | 'height'>,
    data: uPlot.AlignedData,
    resized?: (plot: uPlot) => void,
  ) {
    this.#ink = inkOf(place);
    const own = options(() => this.#ink);
    this.uplot = new uPlot(
      {
        width: Math.max(1, place.clientWidth),
        height: Math.max(1, place.clientHeight),
        legend: { show: false },
        ...own,
      },
      data,
      place,
    );
    this.#stopWatching = onResize(place, (width, height) => {
      if (width === 0 || height === 0) return;
      this.uplot.setSize({ width, height });
      resized?.(this.uplot);
    });
  }

  /** In the colours that the page has now. */
  recolour(): void {
    this.#ink = inkOf(this.place);
    this.uplot.redraw(false);
  }

  destroy(): void {
    this.#stopWatching();
    this.uplot.destroy();
  }
}

/** An axis as all our plots have it: marks in faint words, hair lines behind the curves. */
export function quietAxis(ink: () => Ink, more: uPlot.Axis = {}): uPlot.Axis {
  return {
    stroke: () => ink().faint,
    font: ink().font,
    grid: { stroke: () => ink().line, width: 1 },
    ticks: { show: false },
    gap: 6,
    ...more,
  };
}

export function timeAxis(ink: () => Ink, longest_s: number): uPlot.Axis {
  return quietAxis(ink, {
    incrs: TIME_STEPS_S,
    space: 70,
    size: 28,
    values: (_, marks, __, ___, step) => marks.map((mark) => timeMark(mark, step, longest_s)),
  });
}

export function numberAxis(ink: () => Ink, more: uPlot.Axis = {}): uPlot.Axis {
  return quietAxis(ink, {
    space: 36,
    // As wide as its longest word.
    size: (_, words) => 14 + 7 * Math.max(3, ...(words ?? []).map((word) => word.length)),
    values: (_, marks) => marks.map((mark) => numberText(mark)),
    ...more,
  });
}
