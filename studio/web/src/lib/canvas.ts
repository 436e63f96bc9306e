// What everything drawn by hand needs: sharp pixels, and the page's colours. Who draws with them draws again when
// `theme.isDark` changes.
import { colourOf } from './colour';

/** The colours that plots are drawn in, as the page's tokens say. */
export interface Ink {
  dark: boolean;
  text: string;
  soft: string;
  faint: string;
  line: string;
  surface: string;
  accent: string;
  bad: string;
  font: string;
  /** Of a label or an axis. */
  colour(index: number): string;
}

export function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const dark = style.colorScheme.includes('dark');
  return {
    dark,
    text: token('--text'),
    soft: token('--text-soft'),
    faint: token('--text-faint'),
    line: token('--line'),
    surface: token('--surface'),
    accent: token('--accent'),
    bad: token('--bad'),
    font: `12px ${token('--font')}`,
    colour: (index) => colourOf(index, dark),
  };
}

/** Calls `change` with the size in CSS pixels, first at once; gives what ends that. */
export function onResize(element: Element, change: (width: number, height: number) => void): () => void {
  let width = -1;
  let height = -1;
  const tell = (box: { width: number; height: number }) => {
    const [newWidth, newHeight] = [Math.round(box.width), Math.round(box.height)];
    if (newWidth === width && newHeight === height) return;
    [width, height] = [newWidth, newHeight];
    change(width, height);
  };
  const observer = new ResizeObserver((entries) => tell(entries[0]!.contentRect));
  tell(element.getBoundingClientRect());
  observer.observe(element);
  return () => observer.disconnect();
}

/** A cleared 2-D context whose unit is a CSS pixel, whatever the screen's are. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const density = devicePixelRatio || 1;
  const [wide, high] = [Math.max(1, Math.round(width * density)), Math.max(1, Math.round(height * density))];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Whether this person asked for less movement. */
export const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
