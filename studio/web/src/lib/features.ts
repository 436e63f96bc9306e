// What a block made of a window, arranged as people look at it: lines over frequency, and single figures.

export interface FeatureName {
  axis: string;
  text: string;
  unit: string;
}

/** Features whose names differ in a number alone, such as a frequency: a line an axis over that number. */
export interface Spectrum {
  title: string;
  /** Of the numbers: "Hz"; empty where they only count. */
  xUnit: string;
  yUnit: string;
  x: number[];
  lines: { name: string; y: number[] }[];
}

/** One figure of all axes that have it. */
export interface Figure {
  text: string;
  unit: string;
  values: { axis: string; value: number }[];
}

/** Fewer are single figures. */
const FEWEST_POINTS = 4;

/** "Spectral Power 1.5 - 2.5 Hz" is "Spectral Power", 2, "Hz". */
function splitName(text: string): { title: string; number: number; unit: string } | null {
  const found = /^(.+?)\s+(\d+(?:\.\d+)?)(?:\s*-\s*(\d+(?:\.\d+)?))?\s*([A-Za-z]*)$/.exec(text);
  if (!found) return null;
  const [, title, from, to, unit] = found;
  return { title: title!, number: to === undefined ? Number(from) : (Number(from) + Number(to)) / 2, unit: unit! };
}

export function arrange(features: number[], names: FeatureName[]): { spectra: Spectrum[]; figures: Figure[] } {
  const families = new Map<string, { parts: ReturnType<typeof splitName>; index: number }[]>();
  names.forEach((name, index) => {
    const parts = splitName(name.text);
    const key = parts ? `${parts.title}\n${parts.unit}\n${name.unit}` : `\n${name.text}`;
    families.set(key, [...(families.get(key) ?? []), { parts, index }]);
  });
  const spectra: Spectrum[] = [];
  const figures = new Map<string, Figure>();
  for (const members of families.values()) {
    const x = [...new Set(members.map((member) => member.parts?.number ?? NaN))].sort((one, other) => one - other);
    const { parts, index } = members[0]!;
    if (parts && x.length >= FEWEST_POINTS) {
      const axes = [...new Set(members.map((member) => names[member.index]!.axis))];
      const lines = axes.map((name) => ({ name, y: x.map(() => NaN) }));
      for (const member of members) {
        const line = lines[axes.indexOf(names[member.index]!.axis)]!;
        line.y[x.indexOf(member.parts!.number)] = features[member.index]!;
      }
      spectra.push({ title: parts.title, xUnit: parts.unit, yUnit: names[index]!.unit, x, lines });
      continue;
    }
    for (const member of members) {
      const { axis, text, unit } = names[member.index]!;
      const figure = figures.get(text) ?? { text, unit, values: [] };
      figure.values.push({ axis, value: features[member.index]! });
      figures.set(text, figure);
    }
  }
  return { spectra, figures: [...figures.values()] };
}

/** Least and greatest; of nothing, or of the same number only, still a width. */
export function rangeOf(values: ArrayLike<number>): [least: number, greatest: number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (!(greatest >= least)) return [0, 1];
  return greatest > least ? [least, greatest] : [least - 0.5, greatest + 0.5];
}
