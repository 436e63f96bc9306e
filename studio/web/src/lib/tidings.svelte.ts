// Short sentences at the page's foot: what was done, what went wrong, and the way back.
import { sentenceOf } from '$lib/api/client';

export interface Tiding {
  id: number;
  text: string;
  isError: boolean;
  undo?: () => void;
}

const SHOWN_MS = 5000;
const ERROR_SHOWN_MS = 12_000;
const UNDO_MS = 7000;

class Tidings {
  list = $state<Tiding[]>([]);
}
export const tidings = new Tidings();
let lastId = 0;

export function dismiss(id: number): void {
  tidings.list = tidings.list.filter((tiding) => tiding.id !== id);
}

function show(tiding: Omit<Tiding, 'id'>, shownMs: number): number {
  const id = ++lastId;
  tidings.list = [...tidings.list.slice(-2), { ...tiding, id }];
  setTimeout(() => dismiss(id), shownMs);
  return id;
}

/** `undo` does the opposite of what was done. */
export function tell(text: string, undo?: () => void): void {
  const takeBack = undo && (() => (dismiss(id), undo()));
  const id = show({ text, isError: false, undo: takeBack }, undo ? UNDO_MS : SHOWN_MS);
}

export function tellError(thrown: unknown): void {
  show({ text: sentenceOf(thrown), isError: true }, ERROR_SHOWN_MS);
}

const waiting = new Set<() => void>();

/**
 * Does something that cannot be taken back, but only after a few seconds in which it can be: the page already shows it
 * as done. `takeBack` shows it as it was. Closing the page or leaving the project does at once what waits.
 */
export function doUnlessUndone(text: string, act: () => Promise<void>, takeBack: () => void): void {
  const now = (): void => {
    if (!waiting.delete(now)) return;
    clearTimeout(timer);
    dismiss(id);
    act().catch((thrown: unknown) => {
      takeBack();
      tellError(thrown);
    });
  };
  const undo = (): void => {
    if (!waiting.delete(now)) return;
    clearTimeout(timer);
    dismiss(id);
    takeBack();
  };
  waiting.add(now);
  const id = show({ text, isError: false, undo }, UNDO_MS);
  const timer = setTimeout(now, UNDO_MS);
}

/** Does now what could still have been undone. */
export function settle(): void {
  for (const now of [...waiting]) now();
}
addEventListener('pagehide', settle);
