// What a device says from moment to moment, calmed down for eyes.

/** What was said of one window: a share of each label. */
export interface LiveRow {
  ms: number;
  scores: readonly number[];
}

/** Each row the mean of itself and the few before it; at the beginning of fewer. */
export function smoothed(rows: readonly LiveRow[], over: number): LiveRow[] {
  return rows.map(({ ms, scores }, index) => {
    const few = rows.slice(Math.max(0, index + 1 - over), index + 1);
    const meanOf = (label: number) => few.reduce((sum, row) => sum + row.scores[label]!, 0) / few.length;
    return { ms, scores: scores.map((_, label) => meanOf(label)) };
  });
}

/** The rows of the last stretch of time, and the one before it, so that its lines come from the edge. */
export function lastRows(rows: readonly LiveRow[], spanMs: number): readonly LiveRow[] {
  const from = (rows.at(-1)?.ms ?? 0) - spanMs;
  const first = rows.findIndex((row) => row.ms >= from);
  return rows.slice(Math.max(0, first - 1));
}
