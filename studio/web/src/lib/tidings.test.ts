import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let closePage = (): void => {};
vi.stubGlobal('addEventListener', (_: string, heard: () => void) => (closePage = heard));
const { doUnlessUndone, settle, tidings } = await import('./tidings.svelte');

const act = vi.fn<() => Promise<void>>();
const takeBack = vi.fn<() => void>();
beforeEach(() => {
  vi.useFakeTimers();
  act.mockReset().mockResolvedValue();
  takeBack.mockReset();
});
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

test('what is not undone is done, once', async () => {
  doUnlessUndone('Deleted.', act, takeBack);
  expect(act).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(act).toHaveBeenCalledOnce();
  expect(takeBack).not.toHaveBeenCalled();
  settle();
  expect(act).toHaveBeenCalledOnce();
});

test('what is undone is never done', async () => {
  doUnlessUndone('Deleted.', act, takeBack);
  tidings.list.at(-1)?.undo?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(act).not.toHaveBeenCalled();
  expect(takeBack).toHaveBeenCalledOnce();
});

test('closing the page does what waits', () => {
  doUnlessUndone('Deleted.', act, takeBack);
  closePage();
  expect(act).toHaveBeenCalledOnce();
});

test('what the server refuses is shown as it was, with the reason', async () => {
  act.mockRejectedValue(new Error('you may only look'));
  doUnlessUndone('Deleted.', act, takeBack);
  settle();
  await vi.advanceTimersByTimeAsync(0);
  expect(takeBack).toHaveBeenCalledOnce();
  expect(tidings.list.some((tiding) => tiding.isError && tiding.text === 'you may only look')).toBe(true);
});
