import { describe, expect, it } from 'vitest';
import { COLOURS, colourOf, cssColourOf, heatColours, rgbOf, sortedLabels } from './colour';

type Three = [number, number, number];
type Matrix = [Three, Three, Three];

// How light reaches people without one kind of cone. G. Machado et al.: A Physiologically-based Model for Simulation of
// Color Vision Deficiency, 2009, severity 1.
const EYES: Record<string, Matrix> = {
  'all cones': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const linear = (byte: number) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
const light = (hex: string) => rgbOf(hex).map(linear) as Three;
const dot = (row: Three, colour: Three) => row[0] * colour[0] + row[1] * colour[1] + row[2] * colour[2];
const seen = (eyes: Matrix, colour: Three) =>
  eyes.map((row) => Math.min(1, Math.max(0, dot(row, colour)))) as unknown as Three;

/** B. Ottosson's OKLab: distances in it are about as large as they look. */
function lab(colour: Three): Three {
  const long = Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], colour));
  const middle = Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], colour));
  const short = Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], colour));
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], [long, middle, short]),
    dot([1.9779984951, -2.428592205, 0.4505937099], [long, middle, short]),
    dot([0.0259040371, 0.7827717662, -0.808675766], [long, middle, short]),
  ];
}

const luminance = (colour: Three) => dot([0.2126, 0.7152, 0.0722], colour);
const contrast = (one: string, other: string) => {
  const [a, b] = [luminance(light(one)), luminance(light(other))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};

describe.each([
  ['light', false, ['#ffffff', '#fbfaf8']],
  ['dark', true, ['#1b1d1a', '#151614']],
] as const)('the colours on %s', (_, dark, grounds) => {
  const colours = Array.from({ length: COLOURS }, (_, index) => colourOf(index, dark));

  it.each(Object.entries(EYES))('stay apart for eyes with %s', (name, eyes) => {
    const places = colours.map((colour) => lab(seen(eyes, light(colour))));
    let least = Infinity;
    for (let i = 0; i < COLOURS; i++) {
      for (let j = 0; j < i; j++) {
        least = Math.min(least, Math.hypot(...places[i]!.map((value, axis) => value - places[j]![axis]!)));
      }
    }
    expect(least).toBeGreaterThan(name === 'all cones' ? 0.12 : 0.08);
  });

  it('stand out from the ground three to one, as WCAG asks of graphics', () => {
    for (const colour of colours) {
      for (const ground of grounds) expect(contrast(colour, ground)).toBeGreaterThanOrEqual(3);
    }
  });
});

it('begins again after the last colour, also from below', () => {
  expect(colourOf(COLOURS, false)).toBe(colourOf(0, false));
  expect(colourOf(-1, true)).toBe(colourOf(COLOURS - 1, true));
});

it('says both colours to style sheets', () => {
  expect(cssColourOf(0)).toBe(`light-dark(${colourOf(0, false)}, ${colourOf(0, true)})`);
});

it('sorts labels once each, numbers as numbers', () => {
  expect(sortedLabels(['fan 10', 'wave', 'fan 2', 'wave'])).toEqual(['fan 2', 'fan 10', 'wave']);
});

it('grows lighter with strength all the way', () => {
  const colours = heatColours();
  let before = -1;
  for (let i = 0; i < 256; i += 5) {
    const now = luminance([colours[i * 3]!, colours[i * 3 + 1]!, colours[i * 3 + 2]!].map(linear) as Three);
    expect(now).toBeGreaterThan(before);
    before = now;
  }
});
