// Readings that come when they come, drawn anew at equal distances along straight lines.

/** A signal may pause so long, in readings, before the next one begins anew instead of a line being drawn across. */
const LONGEST_PAUSE = 25;

export class Regular {
  #lastMs = NaN;
  #last: readonly number[] = [];
  #nextMs = 0;

  constructor(readonly intervalMs: number) {}

  /** Takes a reading, and gives those that lie before it and have not been given. */
  push(ms: number, values: readonly number[]): number[][] {
    const rows: number[][] = [];
    if (!(ms - this.#lastMs <= LONGEST_PAUSE * this.intervalMs)) {
      this.#nextMs = ms;
    } else if (ms <= this.#lastMs) {
      return rows;
    }
    while (this.#nextMs <= ms) {
      const share = this.#nextMs === ms ? 1 : (this.#nextMs - this.#lastMs) / (ms - this.#lastMs);
      rows.push(values.map((value, i) => (share === 1 ? value : this.#last[i]! + share * (value - this.#last[i]!))));
      this.#nextMs += this.intervalMs;
    }
    this.#lastMs = ms;
    this.#last = values;
    return rows;
  }
}
