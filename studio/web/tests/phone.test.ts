// A browser as a device, from the code on the studio's page to the stored recording, with a real studio.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { components } from '../src/lib/api/schema';

type Sample = components['schemas']['Sample'];

const command = process.env.THIMBLE ?? fileURLToPath(new URL('../../../build/thimble', import.meta.url));

describe.skipIf(!existsSync(command))('a phone', () => {
  let folder: string;
  let studio: ChildProcess;
  let address: string;
  let browser: Browser;
  let context: BrowserContext;
  let project: number;
  const complaints: string[] = [];

  async function ask<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return JSON.parse(text) as T;
  }
  const samples = async () => (await ask<{ samples: Sample[] }>('GET', `/projects/${project}/samples`)).samples;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thimble_phone_'));
    await build({
      root: fileURLToPath(new URL('..', import.meta.url)),
      logLevel: 'error',
      build: { outDir: join(folder, 'page') },
    });
    const ports = ['studio', 'remote', 'ingestion'].flatMap((name) => [`--${name}-port`, '0']);
    studio = spawn(command, ['serve', '--data-dir', join(folder, 'data'), ...ports], {
      env: { ...process.env, THIMBLE_WEB_DIR: join(folder, 'page') },
    });
    address = await new Promise<string>((resolve, reject) => {
      let said = '';
      const listen = (bytes: Buffer): void => {
        said += bytes.toString();
        const found = /http:\/\/localhost:\d+/.exec(said);
        if (found) resolve(found[0]);
      };
      studio.stdout!.on('data', listen);
      studio.stderr!.on('data', listen);
      studio.on('exit', () => reject(new Error(said)));
    });
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    });
    context = await browser.newContext();
    context.setDefaultTimeout(8000);
    project = (await ask<{ id: number }>('POST', '/projects', { name: 'phones' })).id;
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    studio?.kill();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => expect(complaints.splice(0)).toEqual([]));

  async function open(path: string, width: number): Promise<Page> {
    const page = await context.newPage();
    await page.setViewportSize({ width, height: 860 });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(address + path);
    return page;
  }

  /** A phone that is turned about its long side once a second, sixty readings a second. */
  async function moved(page: Page): Promise<void> {
    await page.addInitScript(() => {
      setInterval(() => {
        const turn = (performance.now() / 1000) * 2 * Math.PI;
        dispatchEvent(
          new DeviceMotionEvent('devicemotion', {
            accelerationIncludingGravity: { x: 9.81 * Math.sin(turn), y: 0, z: 9.81 * Math.cos(turn) },
            rotationRate: { alpha: 0, beta: 0, gamma: 360 },
            interval: 16,
          }),
        );
      }, 16);
    });
    await page.reload();
  }

  const screenshot = async (page: Page, name: string): Promise<void> => {
    const into = process.env.THIMBLE_SCREENSHOTS;
    if (into) await page.screenshot({ path: join(into, `${name}.png`) });
  };

  it('comes by the code, records what the studio asks for and by itself, and is looked at live', async () => {
    const desk = await open(`/#/projects/${project}/devices`, 1100);
    await desk.getByRole('button', { name: 'Use a phone' }).click();
    await desk.getByRole('img', { name: /Code with the address/ }).waitFor();
    await screenshot(desk, 'phone_dialog');
    const url = (await desk.locator('dialog code').textContent())!;
    expect(url).toMatch(/^http:\/\/localhost:\d+\/#\/phone\/pair_\w+$/);

    const phone = await open(new URL(url).hash.replace(/^/, '/'), 390);
    await moved(phone);
    await phone.getByText('Connected', { exact: true }).waitFor();
    await phone.getByText(/\d\d Hz/).waitFor();
    await screenshot(phone, 'phone');
    await phone.emulateMedia({ colorScheme: 'dark' });
    await screenshot(phone, 'phone_dark');

    // The desk records with it.
    await desk.getByRole('button', { name: 'Record with it' }).click();
    await desk.getByLabel('Label').first().fill('turn');
    await desk.getByLabel('Length').first().fill('2');
    await desk
      .getByRole('button', { name: /^Record/ })
      .first()
      .click();
    await phone.getByText('The studio records “turn”').waitFor();
    await screenshot(phone, 'phone_asked');
    await expect.poll(samples, { timeout: 10_000 }).toHaveLength(1);
    const [asked] = await samples();
    expect(asked).toMatchObject({ label: 'turn', readings: 120, device_type: 'Browser', signature: 'valid' });
    expect(asked!.device_id).toMatch(/^phone-[0-9a-f]{8}$/);
    expect(asked!.axes).toEqual(['accX', 'accY', 'accZ'].map((name) => ({ name, units: 'm/s2' })));
    const { axes } = await ask<{ axes: { least: number[] }[] }>(
      'GET',
      `/projects/${project}/samples/${asked!.id}/values`,
    );
    axes[0]!.least.forEach((x, i) => expect(Math.hypot(x, axes[2]!.least[i]!)).toBeCloseTo(9.81, 0));

    // Somebody looks at it live.
    const listening = new AbortController();
    const live = await fetch(`${address}/api/v1/projects/${project}/live-devices/${asked!.device_id}/live`, {
      signal: listening.signal,
    });
    let heard = '';
    const decoder = new TextDecoder();
    for await (const bytes of live.body as unknown as AsyncIterable<Uint8Array>) {
      heard += decoder.decode(bytes, { stream: true });
      if (heard.includes('event: readings')) break;
    }
    await phone.getByText('the studio looks at it live').waitFor();
    listening.abort();

    // And by itself, for as long as the button is held.
    await phone.getByLabel('Label').fill('held');
    const box = (await phone.getByRole('button', { name: /Hold to record/ }).boundingBox())!;
    await phone.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await phone.mouse.down();
    await phone.waitForTimeout(900);
    await screenshot(phone, 'phone_held');
    await phone.mouse.up();
    await phone.getByText('is in the studio').waitFor();
    const held = (await samples()).find((one) => one.label === 'held')!;
    expect(held.device_id).toBe(asked!.device_id);
    expect(held.length_ms).toBeGreaterThan(500);

    // Its microphone is another sensor of the same device.
    await phone.getByRole('button', { name: 'Use it' }).click();
    await expect.poll(() => phone.getByLabel('Sensor').locator('option').count()).toBe(3);
    await phone.getByText('Connected', { exact: true }).waitFor();
    await ask('POST', `/projects/${project}/live-devices/${asked!.device_id}/samplings`, {
      label: 'beep',
      sensor: 'Microphone',
      length_ms: 1000,
    });
    await expect.poll(async () => (await samples()).map((one) => one.label), { timeout: 10_000 }).toContain('beep');
    const beep = (await samples()).find((one) => one.label === 'beep')!;
    expect(beep).toMatchObject({ readings: 16_000, frequency_hz: 16_000, axes: [{ name: 'audio', units: 'wav' }] });
  });

  it('says so when its code is too old', async () => {
    const page = await open('/#/phone/pair_00', 390);
    await moved(page);
    await page.getByText('this code is too old; let the studio’s page show a new one'.replace('’', "'")).waitFor();
  });
});
