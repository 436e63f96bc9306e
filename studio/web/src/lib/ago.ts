// The past in words.
import { countText } from './text';

/** "just now", "5 min ago", "3 days ago". */
export function agoText(thenMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - thenMs) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  return `${countText(Math.floor(hours / 24), 'day')} ago`;
}
