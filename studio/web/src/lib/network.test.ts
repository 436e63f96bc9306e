import { expect, it } from 'vitest';
import { movedLayer, withLayer, withValue, type LayerKind } from './network';

const layers = [1, 2, 3].map((id) => ({ id, kind: 'dense', values: { units: id * 10 } }));
const ids = (list: { id: number }[]) => list.map((layer) => layer.id);
const kind: LayerKind = {
  name: 'dropout',
  title: 'Dropout',
  sentence: '',
  parameters: [{ name: 'rate', label: 'Rate', unit: '', sentence: '', kind: 'number', default: 0.1 }],
};

it('adds a layer with its defaults behind another, or at the end, under an id of its own', () => {
  const behind = withLayer(layers, kind, 1);
  expect(ids(behind.layers)).toEqual([1, 4, 2, 3]);
  expect(behind.layers[1]).toEqual({ id: 4, kind: 'dropout', values: { rate: 0.1 } });
  expect(ids(withLayer(layers, kind, null).layers)).toEqual([1, 2, 3, 4]);
  expect(withLayer([], kind, null).id).toBe(1);
});

it('moves a layer to where it is to stand, at most to an end', () => {
  expect(ids(movedLayer(layers, 1, 1))).toEqual([2, 1, 3]);
  expect(ids(movedLayer(layers, 1, 99))).toEqual([2, 3, 1]);
  expect(ids(movedLayer(layers, 3, -1))).toEqual([3, 1, 2]);
  expect(movedLayer(layers, 42, 0)).toBe(layers);
});

it('changes one value and leaves what was there before alone', () => {
  expect(withValue(layers, 2, 'units', 7)[1]!.values).toEqual({ units: 7 });
  expect(layers[1]!.values).toEqual({ units: 20 });
});
