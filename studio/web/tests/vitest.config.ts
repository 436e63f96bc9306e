// Tests in a real browser: `npm run test:browser`. They open what they need by themselves.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: { include: ['tests/**/*.test.ts'], fileParallelism: false, testTimeout: 30_000 },
});
