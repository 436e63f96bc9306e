import { describe, expect, it } from 'vitest';
import { Regular } from './regular';

describe('Regular', () => {
  it('draws readings anew along straight lines', () => {
    const regular = new Regular(10);
    expect(regular.push(100, [0, 1])).toEqual([[0, 1]]);
    expect(regular.push(104, [4, 1])).toEqual([]);
    const [first, second, ...rest] = regular.push(124, [24, 1]);
    expect(first![0]).toBeCloseTo(10);
    expect(second![0]).toBeCloseTo(20);
    expect(rest).toEqual([]);
  });

  it('keeps what is regular already', () => {
    const regular = new Regular(20);
    expect([0, 20, 40, 60].flatMap((ms) => regular.push(ms, [ms]))).toEqual([[0], [20], [40], [60]]);
  });

  it('draws no line across a long pause, and passes over what is out of order', () => {
    const regular = new Regular(10);
    regular.push(0, [0]);
    expect(regular.push(0, [9])).toEqual([]);
    expect(regular.push(1000, [7])).toEqual([[7]]);
  });

  it('gives as many as time has passed, whatever the source does', () => {
    const regular = new Regular(20);
    let count = 0;
    for (let ms = 0, i = 0; ms <= 10_000; ms += 13 + (i++ % 8)) count += regular.push(ms, [ms]).length;
    expect(Math.abs(count - 500)).toBeLessThanOrEqual(1);
  });
});
