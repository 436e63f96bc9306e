import { describe, expect, it } from 'vitest';
import { Projected, cloudOf, matrixOf, startCamera, turnCamera, zoomCamera, type CloudPoints } from './explorer';

const all = () => true;

function square(): CloudPoints {
  return { x: [0, 10, 0, 10, 5], y: [100, 100, 200, 200, 150], label: [0, 1, 2, 3, 4] };
}

function seen(points: CloudPoints, isShown: (row: number) => boolean = all, width = 200, height = 100) {
  const cloud = cloudOf(points);
  const projected = new Projected(
    cloud,
    matrixOf(startCamera(cloud.isSolid), cloud.isSolid, width, height),
    width,
    height,
    isShown,
  );
  const indexOf = (row: number | null) => (row === null ? null : cloud.order[row]!);
  const rowOf = (index: number) => cloud.order.indexOf(index);
  return { cloud, projected, indexOf, rowOf };
}

describe('a cloud', () => {
  it('fills its box whatever the numbers are, and keeps who is who', () => {
    const { cloud, rowOf } = seen(square());
    const place = (index: number) => [...cloud.places.slice(rowOf(index) * 3, rowOf(index) * 3 + 3)];
    expect(place(0)).toEqual([-1, -1, 0]);
    expect(place(3)).toEqual([1, 1, 0]);
    expect(place(4)).toEqual([0, 0, 0]);
    expect(cloud.label[rowOf(2)]).toBe(2);
  });

  it('has each point once, and not in the order that it came in', () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    const { order } = cloudOf({ x: numbers, y: numbers, label: numbers });
    expect([...order].sort((a, b) => a - b)).toEqual(numbers);
    expect([...order]).not.toEqual(numbers);
  });

  it('stands when all points are the same', () => {
    expect([...cloudOf({ x: [3, 3], y: [1, 1], label: [0, 0] }).places]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('on the screen', () => {
  it('up is up', () => {
    const { projected, rowOf } = seen(square());
    const [low, high] = [projected.place(rowOf(0)), projected.place(rowOf(3))];
    expect(low.x).toBeCloseTo(100 - 93);
    expect(low.y).toBeCloseTo(50 + 46.5);
    expect(high.y).toBeCloseTo(50 - 46.5);
  });

  it('finds the nearest within reach, never one that is hidden', () => {
    const { projected, indexOf } = seen(square());
    expect(indexOf(projected.nearest(103, 52, 8))).toBe(4);
    expect(projected.nearest(120, 50, 8)).toBeNull();
    const cloud = cloudOf(square());
    const hidden = seen(square(), (row) => cloud.label[row] !== 4);
    expect(hidden.projected.nearest(103, 52, 8)).toBeNull();
  });

  it('goes to the neighbour in a direction, and stays at the edge', () => {
    const { projected, indexOf, rowOf } = seen({ x: [0, 1, 2, 2, 9], y: [0, 0.2, 5, -1, 0], label: [0, 0, 0, 0, 0] });
    expect(indexOf(projected.neighbour(rowOf(0), 1, 0))).toBe(1);
    expect(indexOf(projected.neighbour(rowOf(1), 0, -1))).toBe(2);
    expect(projected.neighbour(rowOf(4), 1, 0)).toBeNull();
    // What is nearly straight above is not to the right.
    const column = seen({ x: [0, 0.1, -5], y: [0, 10, 0], label: [0, 0, 0] });
    expect(column.projected.neighbour(column.rowOf(0), 1, 0)).toBeNull();
    expect(column.indexOf(column.projected.neighbour(column.rowOf(0), 0, -1))).toBe(1);
  });

  it('takes what a line encloses, and leaves what lies in its bays', () => {
    const { projected, indexOf } = seen(square());
    const rows = projected.inside([
      { x: 0, y: 0 },
      { x: 120, y: 0 },
      { x: 120, y: 60 },
      { x: 0, y: 60 },
    ]);
    expect(rows.map(indexOf).sort()).toEqual([2, 4]);
    const corners = [0, 0, 50, 0, 50, 80, 150, 80, 150, 0, 200, 0, 200, 100, 0, 100];
    const bay = Array.from({ length: 8 }, (_, i) => ({ x: corners[2 * i]!, y: corners[2 * i + 1]! }));
    expect(projected.inside(bay).map(indexOf).sort()).toEqual([0, 1, 2, 3]);
  });
});

describe('the camera', () => {
  it('comes closer to what is under the pointer', () => {
    const before = zoomCamera({ ...startCamera(false), panX: 0.1 }, 1, 0.5, -0.25);
    const after = zoomCamera(before, 3, 0.5, -0.25);
    const world = (camera: typeof before) => (0.5 - camera.panX) / camera.zoom;
    expect(world(after)).toBeCloseTo(world(before));
  });

  it('does not creep away at the nearest zoom', () => {
    const near = zoomCamera(startCamera(false), 1e9, 0.5, 0.5);
    expect(zoomCamera(near, 2, -0.5, 0.1)).toEqual(near);
  });

  it('does not turn over the top', () => {
    expect(turnCamera(startCamera(true), 0, 99).pitch).toBeCloseTo(Math.PI / 2);
  });

  it('keeps a solid ball on the screen however it is turned', () => {
    const ball = Array.from({ length: 200 }, (_, i) => {
      const [up, around] = [(2 * i) / 199 - 1, i * 2.4];
      const ring = Math.sqrt(1 - up * up);
      return [ring * Math.cos(around), ring * Math.sin(around), up];
    });
    const column = (axis: number) => ball.map((place) => place[axis]!);
    const cloud = cloudOf({ x: column(0), y: column(1), z: column(2), label: column(0).map(() => 0) });
    for (let yaw = 0; yaw < 6; yaw += 0.7) {
      for (let pitch = -1.5; pitch <= 1.5; pitch += 0.5) {
        const camera = { ...startCamera(true), yaw, pitch };
        const projected = new Projected(cloud, matrixOf(camera, true, 300, 200), 300, 200, all);
        for (let row = 0; row < cloud.count; row++) {
          const { x, y } = projected.place(row);
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x).toBeLessThanOrEqual(300);
          expect(y).toBeGreaterThanOrEqual(0);
          expect(y).toBeLessThanOrEqual(200);
        }
      }
    }
  });

  it('turns without stretching: lengths of a turned frame stay', () => {
    const matrix = matrixOf({ zoom: 1, panX: 0, panY: 0, yaw: 0.9, pitch: 0.4 }, true, 100, 100);
    const row = (from: number) => [matrix[from]!, matrix[from + 4]!, matrix[from + 8]!];
    const length = (values: number[]) => Math.hypot(...values);
    expect(length(row(0))).toBeCloseTo(length(row(1)));
    const [across, up, depth] = [row(0), row(1), row(2)];
    const product = (one: number[], other: number[]) => one.reduce((sum, value, i) => sum + value * other[i]!, 0);
    expect(product(across, up)).toBeCloseTo(0);
    expect(product(across, depth)).toBeCloseTo(0);
    expect(product(up, depth)).toBeCloseTo(0);
  });
});
