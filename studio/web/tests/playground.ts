// Opens the playground of the widgets in Debian's Chromium, for tests and measurements.
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';

export class Playground {
  /** What the page complained about; nothing is what is wanted. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly server: ViteDevServer,
    readonly browser: Browser,
  ) {}

  static async open(): Promise<Playground> {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const server = await createServer({
      root,
      logLevel: 'error',
      server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    });
    await server.listen();
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    });
    return new Playground(server, browser);
  }

  /** A page with the widgets that `query` asks for: "only=signal". */
  async page(query = '', looks: { width?: number; dark?: boolean } = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: looks.width ?? 1100, height: 900 },
      colorScheme: looks.dark ? 'dark' : 'light',
    });
    const page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    const { port } = this.server.httpServer!.address() as { port: number };
    await page.goto(`http://127.0.0.1:${port}/src/playground.html?${query}`);
    await page.waitForSelector('main section');
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}
