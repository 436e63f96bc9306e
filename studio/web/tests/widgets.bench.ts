// Measures what has to stay quick: `npm run bench`. Figures are of this machine, in software GL.
import type { Page } from 'playwright-core';
import { Playground } from './playground';

interface Frames {
  frames_per_second: number;
  longest_ms: number;
}

/** Does `act` in every frame for a while, and looks how long frames and single tasks take. */
async function measure(
  page: Page,
  selector: string,
  act: 'turn' | 'pan' | 'zoom',
  duration_ms = 3000,
): Promise<Frames> {
  return page.evaluate(
    async ([selector, act, duration_ms]) => {
      const element = document.querySelector(selector)!;
      const box = element.getBoundingClientRect();
      let longest_ms = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) longest_ms = Math.max(longest_ms, entry.duration);
      }).observe({ type: 'longtask' });
      const frame = () => new Promise<number>((done) => requestAnimationFrame(done));
      const pointer = (type: string, x: number) =>
        element.dispatchEvent(
          new PointerEvent(type, {
            pointerId: 1,
            button: 0,
            buttons: 1,
            bubbles: true,
            clientX: box.left + x,
            clientY: box.top + box.height / 2,
          }),
        );
      // Made up pointers cannot be captured.
      element.setPointerCapture = () => undefined;
      let times = 0;
      const begin = await frame();
      let now = begin;
      if (act !== 'zoom') pointer('pointerdown', box.width / 2);
      for (; now - begin < duration_ms; times++) {
        const swing = Math.sin((now - begin) / 400);
        if (act === 'zoom') {
          const at = { clientX: box.left + box.width / 3, clientY: box.top + 50 };
          const deltaY = Math.sin((now - begin) / 300) > 0 ? -60 : 60;
          element.dispatchEvent(new WheelEvent('wheel', { deltaY, ...at, cancelable: true }));
        } else {
          pointer('pointermove', box.width * (0.5 + 0.4 * swing));
        }
        now = await frame();
      }
      if (act !== 'zoom') pointer('pointerup', box.width / 2);
      return { frames_per_second: (times * 1000) / (now - begin), longest_ms };
    },
    [selector, act, duration_ms] as const,
  );
}

const playground = await Playground.open();
const rows: [string, Frames][] = [];
for (const points of [10, 10_000, 100_000]) {
  const flat = await playground.page(`only=explorer&points=${points}`);
  await flat.waitForSelector('#explorer .field');
  rows.push([`explorer, ${points} points, pan`, await measure(flat, '#explorer .field', 'pan')]);
  rows.push([`explorer, ${points} points, zoom`, await measure(flat, '#explorer .field', 'zoom')]);
  await flat.context().close();
  const solid = await playground.page(`only=solid&points=${points}`);
  await solid.waitForSelector('#solid .field');
  rows.push([`explorer, ${points} points, turn`, await measure(solid, '#solid .field', 'turn')]);
  await solid.context().close();
}
const signal = await playground.page('only=sound');
await signal.locator('#sound .field').waitFor();
await signal.evaluate(() => new Promise((done) => setTimeout(done, 500)));
rows.push(['signal, 1,000,000 readings, zoom', await measure(signal, '#sound .field', 'zoom')]);
rows.push(['signal, 1,000,000 readings, pan', await measure(signal, '#sound .field', 'pan')]);
await playground.close();
for (const [name, { frames_per_second, longest_ms }] of rows) {
  const longest = longest_ms === 0 ? 'no task over 50 ms' : `longest task ${longest_ms.toFixed(0)} ms`;
  console.log(`${name.padEnd(36)} ${frames_per_second.toFixed(1).padStart(5)} frames/s, ${longest}`);
}
