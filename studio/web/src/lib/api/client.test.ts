import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connection } from '$lib/connection.svelte';
import { api, ApiError, urlOf } from './client';

const fetched = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', fetched);
  fetched.mockReset();
});
afterEach(() => vi.useRealTimers());

const headersOf = (call: number): Headers => new Headers(fetched.mock.calls[call]?.[1].headers);

test('paths are filled, and what is undefined is not asked', () => {
  expect(
    urlOf('/projects/{project}/x/{name}', { project: 3, name: 'a b/c' }, { q: 'ä', none: undefined, no: false }),
  ).toBe('/projects/3/x/a%20b%2Fc?q=%C3%A4&no=false');
});

test('the server’s sentence is what is thrown', async () => {
  const problem = { title: 'Not Found', detail: 'there is no project 9', status: 404 };
  fetched.mockResolvedValue(new Response(JSON.stringify(problem), { status: 404 }));
  const thrown: unknown = await api.get('/api/v1/projects/{project}', { path: { project: 9 } }).catch((error) => error);
  expect(thrown).toBeInstanceOf(ApiError);
  expect(thrown).toMatchObject({ message: 'there is no project 9', status: 404 });
});

test('what makes something is asked once, and a change names the version that was seen', async () => {
  fetched.mockImplementation(() => Promise.resolve(new Response('{}')));
  await api.post('/api/v1/projects', { body: { name: 'a' } });
  await api.post('/api/v1/projects', { body: { name: 'a' } });
  await api.patch('/api/v1/projects/{project}', { path: { project: 1 }, body: { name: 'b' }, ifMatch: 7 });
  const keys = [0, 1].map((call) => headersOf(call).get('Idempotency-Key'));
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).not.toBe(keys[0]);
  expect(headersOf(2).get('If-Match')).toBe('"7"');
  expect(headersOf(2).has('Idempotency-Key')).toBe(false);
});

test('a server that does not answer is asked again until it does', async () => {
  fetched.mockRejectedValue(new TypeError('Failed to fetch'));
  await expect(api.get('/api/v1/me')).rejects.toMatchObject({ status: 0 });
  expect(connection.isUp).toBe(false);
  await vi.advanceTimersByTimeAsync(2000);
  expect(fetched.mock.lastCall?.[0]).toBe('/api/v1/health');
  expect(connection.isUp).toBe(false);
  fetched.mockImplementation(() => Promise.resolve(new Response('{}')));
  const before = connection.returns;
  await vi.advanceTimersByTimeAsync(2000);
  expect(connection.isUp).toBe(true);
  expect(connection.returns).toBe(before + 1);
});
