// Builds the page into build/web of the checkout, where `thimble serve` looks for it, with each file's gzip beside it.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.THIMBLE_STUDIO ?? 'http://127.0.0.1:4800';

/** The server sends what is compressed already: it has better things to do than to compress the same bytes each time. */
function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => {
      folder = config.build.outDir;
    },
    closeBundle: async () => {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|html|svg)$/.test(entry.name)) continue;
        const file = join(entry.parentPath, entry.name);
        await writeFile(`${file}.gz`, gzipSync(await readFile(file), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), compressed()],
  resolve: {
    alias: { $lib: here('./src/lib'), $widgets: here('./src/widgets') },
    // Vitest would otherwise take the server's half of Svelte.
    conditions: process.env.VITEST ? ['browser'] : undefined,
  },
  build: {
    outDir: here(process.env.THIMBLE_WEB_OUT ?? '../../build/web'),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no data: fonts and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside a server: its API under the page's own origin.
  server: { proxy: { '/api': { target: server, changeOrigin: true, ws: true, headers: { origin: server } } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
