// Keys that do something, and the list of them that ? shows.
import { untrack } from 'svelte';

export interface Shortcut {
  /** "?", "/", "g d" for one after the other, "mod+k" for Ctrl or ⌘. */
  keys: string;
  /** What it does, as the list says it. */
  text: string;
  act: () => void;
}

const SEQUENCE_MS = 1200;

class Shortcuts {
  list = $state.raw<readonly Shortcut[]>([]);
}
export const shortcuts = new Shortcuts();
let first = '';
let firstAt = 0;

/** Makes keys do something until the function that it gives is called. */
export function bind(...added: Shortcut[]): () => void {
  // Effects bind keys; the list that they change must not be what they depend on.
  shortcuts.list = untrack(() => [...shortcuts.list, ...added]);
  return () => {
    shortcuts.list = untrack(() => shortcuts.list.filter((shortcut) => !added.includes(shortcut)));
  };
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Does what the key is bound to; keys that are typed into a field are the field's. */
export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const modifier = event.ctrlKey || event.metaKey;
  if (event.altKey || (isTyping(event.target) && !modifier)) return;
  const key = modifier ? `mod+${event.key.toLowerCase()}` : event.key;
  const follows = first !== '' && event.timeStamp - firstAt < SEQUENCE_MS;
  const wanted = follows ? `${first} ${key}` : key;
  // The last one bound is the one on top.
  const found = shortcuts.list.findLast((shortcut) => shortcut.keys === wanted);
  if (found) {
    first = '';
    event.preventDefault();
    found.act();
    return;
  }
  first = shortcuts.list.some((shortcut) => shortcut.keys.startsWith(`${key} `)) ? key : '';
  firstAt = event.timeStamp;
}
