// Clouds of points: where each lies on the screen, which is meant by a place there, and which lies next.

/** Points as the server's features come; an entry of each list a point. */
export interface CloudPoints {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** Left out: they lie in a plane. */
  z?: ArrayLike<number>;
  /** Each one's place in the list of labels. */
  label: ArrayLike<number>;
  /** 1 for those that are kept for testing. */
  testing?: ArrayLike<number>;
}

/**
 * The same as they are drawn: each direction from -1 to 1, and shuffled, for what is drawn last must not always be the
 * label that comes last. `order[row]` is the index that the point had.
 */
export interface Cloud {
  count: number;
  places: Float32Array;
  label: Uint16Array;
  testing: Uint8Array;
  order: Uint32Array;
  isSolid: boolean;
}

export function cloudOf(points: CloudPoints): Cloud {
  const count = points.x.length;
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1, seed = 1; last > 0; last--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  const places = new Float32Array(count * 3);
  [points.x, points.y, points.z].forEach((values, axis) => {
    if (!values) return;
    let [least, greatest] = [Infinity, -Infinity];
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    const half = (greatest - least) / 2 || 1;
    const middle = (greatest + least) / 2;
    for (let row = 0; row < count; row++) places[row * 3 + axis] = (values[order[row]!]! - middle) / half;
  });
  return {
    count,
    places,
    label: Uint16Array.from(order, (index) => points.label[index]!),
    testing: Uint8Array.from(order, (index) => points.testing?.[index] ?? 0),
    order,
    isSolid: points.z !== undefined,
  };
}

/** Where one looks from. Pans are in half screens; angles, of solid clouds only, in radians. */
export interface Camera {
  zoom: number;
  panX: number;
  panY: number;
  yaw: number;
  pitch: number;
}
export const startCamera = (isSolid: boolean): Camera => ({
  zoom: 1,
  panX: 0,
  panY: 0,
  yaw: isSolid ? 0.6 : 0,
  pitch: isSolid ? 0.35 : 0,
});

const MOST_ZOOM = 400;
const LEAST_ZOOM = 0.5;

/** `factor` above 1 comes closer; what is at (x, y), from -1 to 1 each, upwards, stays there. */
export function zoomCamera(camera: Camera, factor: number, x = 0, y = 0): Camera {
  const zoom = Math.min(Math.max(camera.zoom * factor, LEAST_ZOOM), MOST_ZOOM);
  const ratio = zoom / camera.zoom;
  return { ...camera, zoom, panX: x - (x - camera.panX) * ratio, panY: y - (y - camera.panY) * ratio };
}

export function turnCamera(camera: Camera, yaw: number, pitch: number): Camera {
  const steepest = Math.PI / 2;
  return {
    ...camera,
    yaw: (camera.yaw + yaw) % (2 * Math.PI),
    pitch: Math.min(Math.max(camera.pitch + pitch, -steepest), steepest),
  };
}

/** Column by column, as WebGL takes it: places of a cloud to the screen, -1 to 1 each. Nothing is smaller far away. */
export function matrixOf(camera: Camera, isSolid: boolean, width: number, height: number): Float32Array {
  const margin = 0.93;
  let [scaleX, scaleY] = [margin * camera.zoom, margin * camera.zoom];
  if (isSolid) {
    // However it is turned, a ball in the box stays on the screen; of the box itself the corners may leave it a little.
    const side = 0.65 * Math.min(width, height) * camera.zoom;
    [scaleX, scaleY] = [side / width, side / height];
  }
  const [cosYaw, sinYaw] = [Math.cos(camera.yaw), Math.sin(camera.yaw)];
  const [cosPitch, sinPitch] = [Math.cos(camera.pitch), Math.sin(camera.pitch)];
  const depth = -0.5 / Math.sqrt(3); // what is near has the smaller depth
  const { panX, panY } = camera;
  return new Float32Array([
    ...[cosYaw * scaleX, sinYaw * sinPitch * scaleY, -sinYaw * cosPitch * depth, 0],
    ...[0, cosPitch * scaleY, sinPitch * depth, 0],
    ...[sinYaw * scaleX, -cosYaw * sinPitch * scaleY, cosYaw * cosPitch * depth, 0],
    ...[panX, panY, 0, 1],
  ]);
}

/** What is seen of a cloud, for questions about it; pixels count from the upper left. */
export class Projected {
  readonly #x: Float32Array;
  readonly #y: Float32Array;

  constructor(
    private readonly cloud: Cloud,
    matrix: Float32Array,
    width: number,
    height: number,
    private readonly isShown: (row: number) => boolean,
  ) {
    const { places, count } = cloud;
    this.#x = new Float32Array(count);
    this.#y = new Float32Array(count);
    const m = matrix;
    for (let row = 0, at = 0; row < count; row++, at += 3) {
      const [x, y, z] = [places[at]!, places[at + 1]!, places[at + 2]!];
      this.#x[row] = ((m[0]! * x + m[4]! * y + m[8]! * z + m[12]! + 1) * width) / 2;
      this.#y[row] = ((1 - (m[1]! * x + m[5]! * y + m[9]! * z + m[13]!)) * height) / 2;
    }
  }

  place(row: number): { x: number; y: number } {
    return { x: this.#x[row]!, y: this.#y[row]! };
  }

  /** The row that is nearest, at most `reach` pixels away; null: there is none. */
  nearest(x: number, y: number, reach: number): number | null {
    let best: number | null = null;
    let least = reach * reach;
    for (let row = 0; row < this.cloud.count; row++) {
      const [dx, dy] = [this.#x[row]! - x, this.#y[row]! - y];
      const distance = dx * dx + dy * dy;
      if (distance <= least && this.isShown(row)) [best, least] = [row, distance];
    }
    return best;
  }

  /** The row that comes next in a direction such as (1, 0): near, and not too far off to the side. */
  neighbour(from: number, right: number, down: number): number | null {
    const { x, y } = this.place(from);
    let best: number | null = null;
    let least = Infinity;
    for (let row = 0; row < this.cloud.count; row++) {
      const [dx, dy] = [this.#x[row]! - x, this.#y[row]! - y];
      const ahead = dx * right + dy * down;
      if (ahead < 0.5 || row === from) continue;
      const aside = Math.abs(dx * down - dy * right);
      const cost = ahead + 2 * aside;
      if (cost < least && aside <= 2 * ahead && this.isShown(row)) [best, least] = [row, cost];
    }
    return best;
  }

  /** The rows inside a closed line of pixels. */
  inside(line: { x: number; y: number }[]): number[] {
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const { x, y } of line) {
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
    const rows: number[] = [];
    for (let row = 0; row < this.cloud.count; row++) {
      const [x, y] = [this.#x[row]!, this.#y[row]!];
      if (x < left || x > right || y < top || y > bottom || !this.isShown(row)) continue;
      let isInside = false;
      for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
        const [one, other] = [line[i]!, line[j]!];
        if (one.y > y !== other.y > y && x < ((other.x - one.x) * (y - one.y)) / (other.y - one.y) + one.x) {
          isInside = !isInside;
        }
      }
      if (isInside) rows.push(row);
    }
    return rows;
  }
}
