import { describe, expect, it } from 'vitest';
import {
  SignalPages,
  between,
  clampView,
  drawWaveform,
  followView,
  moved,
  scalesOf,
  zoomView,
  type SignalPage,
} from './signal';

/** As the server thins: reading i has the value i. */
function ramp(first: number, count: number, width: number): SignalPage {
  const pixels = Math.min(count, width);
  const edge = (pixel: number) => first + Math.floor((count * pixel) / pixels);
  const least = Array.from({ length: pixels }, (_, pixel) => edge(pixel));
  const greatest = Array.from({ length: pixels }, (_, pixel) => edge(pixel + 1) - 1);
  const exact = count <= width;
  return {
    first,
    count,
    interval_ms: 10,
    exact,
    axes: [{ name: 'x', units: 'm/s2', least, ...(exact ? {} : { greatest }) }],
  };
}

describe('the view', () => {
  it('stays inside the recording', () => {
    expect(clampView({ first: -50, count: 100 }, 1000)).toEqual({ first: 0, count: 100 });
    expect(clampView({ first: 990, count: 100 }, 1000)).toEqual({ first: 900, count: 100 });
    expect(clampView({ first: 0, count: 5000 }, 1000)).toEqual({ first: 0, count: 1000 });
    expect(clampView({ first: 0, count: 1 }, 1000).count).toBe(8);
    expect(clampView({ first: 0, count: 1 }, 3).count).toBe(3);
  });

  it('zooms around a reading that stays where it is', () => {
    const view = { first: 200, count: 400 };
    const closer = zoomView(view, 0.5, 300, 1000);
    expect(closer.count).toBe(200);
    expect((300 - closer.first) / closer.count).toBeCloseTo((300 - view.first) / view.count);
  });

  it('does not drift when it is as close as it gets', () => {
    const view = { first: 500, count: 8 };
    expect(zoomView(view, 0.5, 502, 1000)).toEqual(view);
  });

  it('follows what leaves it, and rests otherwise', () => {
    const view = { first: 200, count: 100 };
    expect(followView(view, 250, 1000)).toBe(view);
    expect(followView(view, 320, 1000).first).toBe(225);
    expect(followView(view, 10, 1000).first).toBe(5);
  });
});

describe('pages', () => {
  it('ask for the whole recording at first, and for nothing twice', () => {
    const pages = new SignalPages(1_000_000);
    const whole = pages.wish({ first: 0, count: 1_000_000 }, 800);
    expect(whole).toEqual({ first: 0, count: 1_000_000, width: 800 });
    pages.add(ramp(0, 1_000_000, 800));
    expect(pages.wish({ first: 0, count: 1_000_000 }, 800)).toBeNull();
  });

  it('ask for finer data with half a view at both sides, and then have it while panning', () => {
    const pages = new SignalPages(1_000_000);
    pages.add(ramp(0, 1_000_000, 800));
    const wish = pages.wish({ first: 500_000, count: 10_000 }, 800)!;
    expect(wish).toEqual({ first: 495_000, count: 20_000, width: 1600 });
    pages.add(ramp(wish.first, wish.count, wish.width));
    expect(pages.wish({ first: 504_000, count: 10_000 }, 800)).toBeNull();
    expect(pages.wish({ first: 506_000, count: 10_000 }, 800)).not.toBeNull();
  });

  it('never ask for finer data than there is', () => {
    const pages = new SignalPages(500);
    pages.add(ramp(0, 500, 800));
    expect(pages.wish({ first: 100, count: 8 }, 800)).toBeNull();
  });

  it('draw each stretch from the finest that has it, in order and without gaps', () => {
    const pages = new SignalPages(100_000);
    pages.add(ramp(0, 100_000, 100));
    pages.add(ramp(40_000, 10_000, 1000));
    const { x, ys } = pages.points({ first: 30_000, count: 40_000 }, 1000);
    for (let i = 1; i < x.length; i++) expect(x[i]!).toBeGreaterThan(x[i - 1]!);
    expect(x[0]!).toBeLessThan(30_000);
    expect(x.at(-1)!).toBeGreaterThan(70_000);
    const fine = x.filter((at) => at > 40_000 && at < 50_000);
    expect(fine.length).toBe(2000);
    // A line of slope 1 has to come out as one, whatever page a point is of.
    for (let i = 0; i < x.length; i++) expect(Math.abs(ys[0]![i]! - x[i]!)).toBeLessThanOrEqual(500);
  });

  it('do not draw what is far finer than the screen', () => {
    const pages = new SignalPages(1_000_000);
    pages.add(ramp(0, 1_000_000, 1000));
    pages.add(ramp(0, 10_000, 10_000));
    pages.add(ramp(20_000, 30_000, 2000));
    const { x } = pages.points({ first: 0, count: 1_000_000 }, 1000);
    expect(x.length).toBe(2000);
  });

  it('know a value as finely as it came', () => {
    const pages = new SignalPages(1000);
    expect(pages.at(10)).toBeNull();
    pages.add(ramp(0, 1000, 10));
    expect(pages.at(250)).toEqual([{ least: 200, greatest: 299 }]);
    pages.add(ramp(200, 100, 100));
    expect(pages.at(250)).toEqual([{ least: 250, greatest: 250 }]);
    expect(pages.extents()).toEqual([{ least: 0, greatest: 999 }]);
  });

  it('forget the oldest when there are too many, never the whole', () => {
    const pages = new SignalPages(100_000, 3);
    pages.add(ramp(0, 100_000, 100));
    for (let i = 0; i < 6; i++) pages.add(ramp(i * 1000, 1000, 500));
    expect(pages.at(90_000)).not.toBeNull();
    expect(pages.wish({ first: 5000, count: 1000 }, 500)).toBeNull();
    expect(pages.wish({ first: 4000, count: 1000 }, 500)).toBeNull();
    expect(pages.wish({ first: 3000, count: 1000 }, 500)).not.toBeNull();
  });
});

it('puts axes of one unit on one scale', () => {
  const axis = (units: string) => ({ name: units, units });
  expect(scalesOf([axis('g'), axis('deg/s'), axis('g')])).toEqual({ units: ['g', 'deg/s'], scaleOf: [0, 1, 0] });
});

describe('a small picture', () => {
  /** What would be drawn: the points of each stroke. */
  function strokes(page: SignalPage): [number, number][][] {
    const lines: [number, number][][] = [];
    const context = {
      beginPath: () => lines.push([]),
      lineTo: (x: number, y: number) => lines.at(-1)!.push([x, y]),
      closePath: () => undefined,
      fill: () => undefined,
      stroke: () => undefined,
    } as unknown as CanvasRenderingContext2D;
    drawWaveform(context, page, 101, 21, () => '#000000');
    return lines;
  }
  const page = (...axes: [units: string, least: number[], greatest?: number[]][]): SignalPage => ({
    first: 0,
    count: 100,
    interval_ms: 1,
    exact: false,
    axes: axes.map(([units, least, greatest]) => ({ name: '', units, least, ...(greatest && { greatest }) })),
  });

  it('has the greatest at the top and the least at the bottom, of axes of one unit together', () => {
    const [one, other, third] = strokes(page(['g', [0, 10]], ['g', [5, 5]], ['V', [1, 2]]));
    expect(one).toEqual([
      [0.5, 20.5],
      [100.5, 0.5],
    ]);
    expect(other!.map(([, y]) => y)).toEqual([10.5, 10.5]);
    expect(third!.map(([, y]) => y)).toEqual([20.5, 0.5]);
  });

  it('goes back along the least readings of a band, and draws a still signal in the middle', () => {
    const [band] = strokes(page(['g', [0, 2], [4, 4]]));
    expect(band!.map(([, y]) => y)).toEqual([0.5, 0.5, 10.5, 20.5]);
    const [still] = strokes(page(['g', [7, 7, 7]]));
    expect(still!.map(([, y]) => y)).toEqual([10.5, 10.5, 10.5]);
  });
});

describe('selections', () => {
  const selection = { id: 1, first: 10, count: 20 };

  it('are made in either direction, whole readings, inside', () => {
    expect(between(30, 10, 100)).toEqual({ first: 10, count: 21 });
    expect(between(-5, 10_000, 100)).toEqual({ first: 0, count: 100 });
    expect(between(7.4, 7.2, 100)).toEqual({ first: 7, count: 1 });
  });

  it('move as a whole without changing their length', () => {
    expect(moved(selection, 'whole', 1000, 100)).toMatchObject({ first: 80, count: 20 });
    expect(moved(selection, 'whole', -1000, 100)).toMatchObject({ first: 0, count: 20 });
  });

  it('keep one reading when an end is pulled past the other', () => {
    expect(moved(selection, 'start', 1000, 100)).toMatchObject({ first: 29, count: 1 });
    expect(moved(selection, 'end', -1000, 100)).toMatchObject({ first: 10, count: 1 });
    expect(moved(selection, 'end', 1000, 100)).toMatchObject({ first: 10, count: 90 });
    expect(moved(selection, 'start', -1000, 100)).toMatchObject({ first: 0, count: 30 });
  });
});
