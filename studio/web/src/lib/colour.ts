// Colours of labels and axes, the same in every plot, that people who see few colours can tell apart too.

/** Steady hues, the ones furthest apart first; each at two lightnesses, for paper and for dark. */
const LIGHT = ['#3e42c6', '#b35a12', '#00a087', '#8a1a7f', '#a38f00', '#3579a5', '#9975fa', '#63584f'] as const;
const DARK = ['#c0b6ff', '#f79500', '#51e6a8', '#c5508b', '#8f8a05', '#189dd4', '#7b65ef', '#a99e94'] as const;

/** After so many a colour comes again; whoever draws points then draws another shape. */
export const COLOURS = LIGHT.length;

export type Rgb = readonly [red: number, green: number, blue: number];

/** "#c5508b", for canvases. */
export function colourOf(index: number, dark: boolean): string {
  const at = ((index % COLOURS) + COLOURS) % COLOURS;
  return (dark ? DARK : LIGHT)[at]!;
}

/** The same for style sheets, which know for themselves whether it is dark. */
export function cssColourOf(index: number): string {
  return `light-dark(${colourOf(index, false)}, ${colourOf(index, true)})`;
}

/** Each from 0 to 255. */
export function rgbOf(hex: string): Rgb {
  const number = parseInt(hex.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

/**
 * Labels in the order of the alphabet: its place is a label's colour, whatever a page shows of them. Numbers in them
 * count as numbers: "fan 2" comes before "fan 10".
 */
export function sortedLabels(labels: Iterable<string>): string[] {
  return [...new Set(labels)].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

/** From violet through green to yellow with rising lightness: strengths of spectra. 256 colours, each a Uint8 triple. */
export function heatColours(): Uint8ClampedArray {
  const stops: Rgb[] = [
    [68, 1, 84],
    [65, 68, 135],
    [42, 120, 142],
    [34, 168, 132],
    [122, 209, 81],
    [253, 231, 37],
  ];
  const colours = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const at = Math.min(Math.floor(place), stops.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const from = stops[at]![channel]!;
      const to = stops[at + 1]![channel]!;
      colours[i * 3 + channel] = from + (to - from) * (place - at);
    }
  }
  return colours;
}
