// The widgets in a real browser: what hands, keys and screen readers can do with them.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Playground } from './playground';

let playground: Playground;
let page: Page;
const eventually = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 10_000 });

beforeAll(async () => {
  playground = await Playground.open();
}, 60_000);
afterAll(() => playground.close());
afterEach(async () => {
  await page.context().close();
  expect(playground.complaints.splice(0)).toEqual([]);
});

/** The middle of an element, or another place in it, in pixels of the window. */
async function place(selector: string, across = 0.5, down = 0.5) {
  const box = (await page.locator(selector).boundingBox())!;
  return [box.x + box.width * across, box.y + box.height * down] as const;
}
async function drag(selector: string, from: number, to: number, down = 0.5) {
  await page.mouse.move(...(await place(selector, from, down)));
  await page.mouse.down();
  await page.mouse.move(...(await place(selector, (from + to) / 2, down)));
  await page.mouse.move(...(await place(selector, to, down)));
  await page.mouse.up();
}
/** "first+count" of each selection, as numbers. */
async function selections(selector: string) {
  const text = (await page.locator(selector).textContent())!;
  return [...text.matchAll(/(\d+)\+(\d+)/g)].map((found) => ({ first: Number(found[1]), count: Number(found[2]) }));
}

describe('SignalView', () => {
  it('crops by dragging, and seeks by clicking', async () => {
    page = await playground.page('only=sound');
    await page.getByRole('button', { name: 'Select' }).click();
    await drag('.field', 0.25, 0.5);
    const [crop] = await selections('#crop');
    expect(crop!.first / 1e6).toBeCloseTo(0.25, 2);
    expect(crop!.count / 1e6).toBeCloseTo(0.25, 2);
    await drag('.field', 0.6, 0.8);
    expect(await selections('#crop')).toHaveLength(1);
    await page.mouse.click(...(await place('.field', 0.1)));
    await page.locator('.playhead').waitFor();
  });

  it('zooms with the wheel where the pointer is, and then asks for finer data', async () => {
    page = await playground.page('only=sound');
    await page.locator('.field').waitFor();
    await page.mouse.move(...(await place('.field', 0.5)));
    for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -400);
    // A reading that is known exactly is one number.
    await eventually(() => page.locator('.axis .value').textContent()).toMatch(/^-?[\d,.]+$/);
    const all = page.getByRole('button', { name: 'All', exact: true });
    await all.click();
    await eventually(() => all.isDisabled()).toBe(true);
  });

  it('marks and removes segments with keys alone', async () => {
    page = await playground.page('only=signal');
    await page.locator('.field').focus();
    await page.keyboard.press('Home');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowRight');
    const [, , made] = await selections('#segments');
    expect(made).toEqual({ first: 0, count: 19 });
    expect(await page.locator('.signal [aria-live]').textContent()).toMatch(/^0\.29 s: acc x /);
    await page.keyboard.press('Delete');
    expect(await selections('#segments')).toHaveLength(2);
  });

  it('moves the ends of a segment by hand and by keys', async () => {
    page = await playground.page('only=signal');
    const end = page.getByRole('slider', { name: 'End of wave' });
    await end.focus();
    await page.keyboard.press('Shift+ArrowRight');
    expect((await selections('#segments'))[0]).toEqual({ first: 30, count: 121 });
    const [x, y] = await place('.mark:has-text("wave") .handle.start');
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 60, y, { steps: 3 });
    await page.mouse.up();
    const [wave] = await selections('#segments');
    expect(wave!.first).toBeGreaterThan(55);
    expect(wave!.first + wave!.count).toBe(151);
  });

  it('says what went wrong, and tries again', async () => {
    page = await playground.page('only=refusing');
    await page.getByText('The recording is gone').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await eventually(() => page.getByText('The recording is gone').count()).toBe(0);
  });
});

describe('FeatureExplorer', () => {
  it('picks what is under the pointer, and goes on with the arrows', async () => {
    page = await playground.page('only=explorer');
    await page.locator('.stage .field').focus();
    await page.keyboard.press('ArrowRight');
    const first = await page.locator('.tip').textContent();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.tip').textContent()).not.toBe(first);
    await page.keyboard.press('Enter');
    expect(await page.locator('#picked').textContent()).toMatch(/^point \d+$/);
    const [x, y] = await place('.ring');
    await page.keyboard.press('Escape');
    await page.mouse.click(x, y);
    await page.locator('.ring').first().waitFor();
  });

  it('marks with a line, and hides labels', async () => {
    page = await playground.page('only=explorer');
    await page.getByRole('button', { name: 'Lasso' }).click();
    await page.mouse.move(...(await place('.stage', 0.02, 0.02)));
    await page.mouse.down();
    for (const [across, down] of [
      [0.98, 0.02],
      [0.98, 0.98],
      [0.02, 0.98],
    ] as const) {
      await page.mouse.move(...(await place('.stage', across, down)), { steps: 3 });
    }
    await page.mouse.up();
    expect(await page.locator('#picked').textContent()).toBe('3,000 points');
    await page.getByRole('button', { name: /^circle/ }).click();
    await page.getByRole('button', { name: 'Table' }).click();
    expect(await page.locator('.explorer tbody tr').first().textContent()).toContain('idle');
  });

  it('comes back after the graphics driver went away', async () => {
    page = await playground.page('only=explorer');
    await page.waitForSelector('.stage canvas');
    await page.evaluate(() => {
      const gl = document.querySelector<HTMLCanvasElement>('.stage canvas')!.getContext('webgl2')!;
      const extension = gl.getExtension('WEBGL_lose_context')!;
      extension.loseContext();
      setTimeout(() => extension.restoreContext(), 100);
    });
    await page.getByText('The graphics driver took a break').waitFor();
    await eventually(() => page.getByText('The graphics driver took a break').count()).toBe(0);
    // Not only the words are gone: there are points again, and a picture of them is no small file.
    await eventually(async () => (await page.locator('.stage').screenshot()).length).toBeGreaterThan(20_000);
  });
});

it('a confusion matrix is walked with arrows and opened with Enter', async () => {
  page = await playground.page('only=confusion');
  await page.locator('.cell[tabindex="0"]').focus();
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight'])
    await page.keyboard.press(key);
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
    '6.0\u202f%, 3 windows of snake taken for up-down',
  );
  await page.keyboard.press('Enter');
  expect(await page.locator('.cell.current').textContent()).toContain('6');
});

it('layers move with keys and by hand', async () => {
  page = await playground.page('only=network');
  const titles = () => page.locator('.card .title').allTextContents();
  await page.locator('.card').first().focus();
  await page.keyboard.press('Alt+ArrowDown');
  await eventually(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toContain('Layer 2');
  expect((await titles()).slice(0, 2)).toEqual(['Max pool', 'Convolution']);
  await page.keyboard.press('Delete');
  await eventually(titles).toEqual(['Max pool', 'Convolution', 'Flatten', 'Dropout']);
  const grip = await place('.card:nth-child(1) >> nth=0 >> .grip');
  await page.mouse.move(...grip);
  await page.mouse.down();
  const [, bottom] = await place('.card >> nth=3', 0.5, 0.9);
  await page.mouse.move(grip[0], bottom, { steps: 20 });
  await page.mouse.up();
  expect((await titles()).at(-1)).toBe('Max pool');
  await page.getByLabel('Add a layer').selectOption('dense');
  expect(await titles()).toContain('Dense');
});

it('a held key records until it is let go, and repeats nothing', async () => {
  page = await playground.page('only=recorder');
  await page.keyboard.down('r');
  await page.keyboard.down('r');
  await page.getByText('Recording', { exact: true }).first().waitFor();
  await page.keyboard.up('r');
  await page.keyboard.press('r');
  await page.getByText('Saving').first().waitFor();
});

it.each([
  ['light', false, 1100],
  ['dark', true, 1100],
  ['on a phone', false, 360],
] as const)('nothing stands in the way of screen readers, %s', async (_, dark, width) => {
  page = await playground.page('', { dark, width });
  await page.waitForSelector('#solid .field');
  await page.addScriptTag({ content: await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8') });
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const found = await axe.run('main', { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] });
    return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`);
  });
  expect(violations).toEqual([]);
  // Nothing is wider than the screen.
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
});
