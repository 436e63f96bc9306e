// Draws clouds of points with WebGL2: one call a frame, for a hundred thousand of them.
import { COLOURS, colourOf, rgbOf } from './colour';
import type { Cloud } from './explorer';

/** What is not chosen while something is. */
const FADED = 30;

const VERTEX = `#version 300 es
  layout(location = 0) in vec3 place;
  layout(location = 1) in vec4 look;
  layout(location = 2) in uint shape;
  uniform mat4 matrix;
  uniform highp float size;
  flat out vec4 colour;
  flat out uint kind;
  void main() {
    // What is hidden lies off the screen.
    gl_Position = look.a > 0.0 ? matrix * vec4(place, 1) : vec4(2, 2, 2, 1);
    gl_PointSize = size;
    colour = look;
    kind = shape;
  }`;

const FINE = {
  vertex: VERTEX,
  fragment: `#version 300 es
    precision mediump float;
    flat in vec4 colour;
    flat in uint kind;
    uniform highp float size;
    out vec4 drawn;
    void main() {
      vec2 at = abs(gl_PointCoord * 2.0 - 1.0);
      // How far from the middle: a disc, a square, a diamond.
      uint shape = kind >> 1;
      float reach = shape == 0u ? length(at) : shape == 1u ? max(at.x, at.y) * 1.15 : at.x + at.y;
      float edge = 2.0 / size;
      float cover = 1.0 - smoothstep(1.0 - edge, 1.0, reach);
      if ((kind & 1u) == 1u) cover *= smoothstep(0.45 - edge, 0.45, reach);
      if (cover < 0.04) discard;
      float alpha = colour.a * cover;
      drawn = vec4(colour.rgb * alpha, alpha);
    }`,
};

/** For specks, of which nobody sees the shape: many times quicker without a graphics card. */
const COARSE = {
  vertex: VERTEX,
  fragment: `#version 300 es
    precision mediump float;
    flat in vec4 colour;
    out vec4 drawn;
    void main() { drawn = vec4(colour.rgb * colour.a, colour.a); }`,
};
const SPECK_PX = 3.5;

const FRAME = {
  vertex: `#version 300 es
    layout(location = 0) in vec3 place;
    uniform mat4 matrix;
    void main() { gl_Position = matrix * vec4(place, 1); }`,
  fragment: `#version 300 es
    precision mediump float;
    uniform vec4 colour;
    out vec4 drawn;
    void main() { drawn = colour; }`,
};

function programOf(gl: WebGL2RenderingContext, sources: { vertex: string; fragment: string }) {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, sources.vertex],
    [gl.FRAGMENT_SHADER, sources.fragment],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    console.warn(`WebGL2 refuses to draw points: ${gl.getProgramInfoLog(program) ?? 'it does not say why'}`);
    return undefined;
  }
  const place = (name: string) => gl.getUniformLocation(program, name);
  return { program, place };
}

/** The edges of the box around a solid cloud. */
function edges(): Float32Array {
  const lines: number[] = [];
  for (let axis = 0; axis < 3; axis++) {
    for (const [one, other] of [
      [-1, -1],
      [-1, 1],
      [1, -1],
      [1, 1],
    ] as const) {
      for (const end of [-1, 1]) {
        const corner: number[] = [one, other];
        corner.splice(axis, 0, end);
        lines.push(...corner);
      }
    }
  }
  return new Float32Array(lines);
}

/** What is to be seen of the points, apart from where they are. */
export interface Looks {
  dark: boolean;
  /** Of each label. */
  shown: readonly boolean[];
  showsTraining: boolean;
  showsTesting: boolean;
  /** The indices that stand out; none: all do. */
  chosen: ReadonlySet<number>;
}

export interface Scene {
  matrix: Float32Array;
  /** Of a point, in pixels of the canvas. */
  size: number;
  /** So many points, of all alike; while one moves, a part of them has to do on slow machines. */
  count: number;
  /** Of the frame around solid clouds, as "#rrggbb". */
  line: string;
}

type Program = NonNullable<ReturnType<typeof programOf>>;

/** Life: make it with a context, `load` a cloud, `look`, `draw`. After a lost context make another. */
export class CloudRenderer {
  readonly #cloudArray: WebGLVertexArrayObject;
  readonly #frameArray: WebGLVertexArrayObject;
  #cloud: Cloud | undefined;
  #buffers: WebGLBuffer[] = [];

  /** undefined: this browser's WebGL2 cannot. */
  static make(gl: WebGL2RenderingContext): CloudRenderer | undefined {
    const [fine, coarse, frame] = [programOf(gl, FINE), programOf(gl, COARSE), programOf(gl, FRAME)];
    return fine && coarse && frame && new CloudRenderer(gl, fine, coarse, frame);
  }

  private constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly fine: Program,
    private readonly coarse: Program,
    private readonly frame: Program,
  ) {
    this.#cloudArray = gl.createVertexArray();
    this.#frameArray = gl.createVertexArray();
    gl.bindVertexArray(this.#frameArray);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, edges(), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  load(cloud: Cloud): void {
    const { gl } = this;
    this.#cloud = cloud;
    this.#buffers.forEach((buffer) => gl.deleteBuffer(buffer));
    this.#buffers = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()];
    const [places, looks, shapes] = this.#buffers as [WebGLBuffer, WebGLBuffer, WebGLBuffer];
    gl.bindVertexArray(this.#cloudArray);
    [0, 1, 2].forEach((attribute) => gl.enableVertexAttribArray(attribute));
    gl.bindBuffer(gl.ARRAY_BUFFER, places);
    gl.bufferData(gl.ARRAY_BUFFER, cloud.places, gl.STATIC_DRAW);
    gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, shapes);
    const kinds = cloud.label.map((label, row) => ((Math.floor(label / COLOURS) % 3) << 1) | cloud.testing[row]!);
    gl.bufferData(gl.ARRAY_BUFFER, kinds, gl.STATIC_DRAW);
    gl.vertexAttribIPointer(2, 1, gl.UNSIGNED_SHORT, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, looks);
    gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 0, 0);
  }

  look({ dark, shown, showsTraining, showsTesting, chosen }: Looks): void {
    const { gl } = this;
    const cloud = this.#cloud;
    if (!cloud) return;
    const colours = shown.map((_, label) => rgbOf(colourOf(label, dark)));
    const looks = new Uint8Array(cloud.count * 4);
    for (let row = 0; row < cloud.count; row++) {
      const label = cloud.label[row]!;
      if (!shown[label] || !(cloud.testing[row] ? showsTesting : showsTraining)) continue;
      const [red, green, blue] = colours[label]!;
      const at = row * 4;
      looks[at] = red;
      looks[at + 1] = green;
      looks[at + 2] = blue;
      looks[at + 3] = chosen.size === 0 || chosen.has(cloud.order[row]!) ? 255 : FADED;
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers[1]!);
    gl.bufferData(gl.ARRAY_BUFFER, looks, gl.DYNAMIC_DRAW);
  }

  draw({ matrix, size, count, line }: Scene): void {
    const { gl } = this;
    const cloud = this.#cloud;
    if (!cloud || gl.isContextLost()) return;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.BLEND);
    if (cloud.isSolid) {
      gl.disable(gl.DEPTH_TEST);
      gl.useProgram(this.frame.program);
      gl.uniformMatrix4fv(this.frame.place('matrix'), false, matrix);
      const [red, green, blue] = rgbOf(line);
      gl.uniform4f(this.frame.place('colour'), red / 255, green / 255, blue / 255, 1);
      gl.bindVertexArray(this.#frameArray);
      gl.drawArrays(gl.LINES, 0, 24);
      gl.enable(gl.DEPTH_TEST);
    } else {
      gl.disable(gl.DEPTH_TEST);
    }
    const { program, place } = size <= SPECK_PX ? this.coarse : this.fine;
    gl.useProgram(program);
    gl.uniformMatrix4fv(place('matrix'), false, matrix);
    gl.uniform1f(place('size'), size);
    gl.bindVertexArray(this.#cloudArray);
    gl.drawArrays(gl.POINTS, 0, Math.min(count, cloud.count));
  }
}
