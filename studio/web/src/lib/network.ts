// A network as a list of layers that people put together.
import type { Parameter, ParameterValue } from '$widgets/ParameterField.svelte';

export interface Layer {
  /** Keeps its place in lists that move. */
  id: number;
  kind: string;
  values: Record<string, ParameterValue>;
}

/** What layers there are, and what one can say about them. */
export interface LayerKind {
  name: string;
  title: string;
  sentence: string;
  parameters: Parameter[];
}

/** A new layer with a kind's defaults, behind `after` (an id), or at the end. */
export function withLayer(layers: Layer[], kind: LayerKind, after: number | null): { layers: Layer[]; id: number } {
  const id = Math.max(0, ...layers.map((layer) => layer.id)) + 1;
  const values = Object.fromEntries(kind.parameters.map((parameter) => [parameter.name, parameter.default]));
  const place = layers.findIndex((layer) => layer.id === after);
  const at = place < 0 ? layers.length : place + 1;
  return { layers: [...layers.slice(0, at), { id, kind: kind.name, values }, ...layers.slice(at)], id };
}

/** The layer at another place; beyond the ends is the end. */
export function movedLayer(layers: Layer[], id: number, to: number): Layer[] {
  const layer = layers.find((one) => one.id === id);
  if (!layer) return layers;
  const others = layers.filter((one) => one.id !== id);
  const at = Math.min(Math.max(to, 0), others.length);
  return [...others.slice(0, at), layer, ...others.slice(at)];
}

export function withValue(layers: Layer[], id: number, name: string, value: ParameterValue): Layer[] {
  return layers.map((layer) => (layer.id === id ? { ...layer, values: { ...layer.values, [name]: value } } : layer));
}
