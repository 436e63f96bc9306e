// Finds things by a few letters of their names.

/** Whether all words that were typed begin a word of the text: "de po" finds "Deploy to a device, or a port". */
export function matches(text: string, typed: string): boolean {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((wanted) => words.some((word) => word.startsWith(wanted)));
}
