import { expect, test } from 'vitest';
import { answersIn, classesOf, type Report, type TestAnswer } from './report';

const answer = (sample: number, label: string, windows: Record<string, number>): TestAnswer => ({
  sample,
  label,
  answer: '',
  right: false,
  windows,
});

test('a cell holds the samples with windows that were given to its label, the most first', () => {
  const answers = [
    answer(1, 'wave', { wave: 5, idle: 1 }),
    answer(2, 'wave', { idle: 3 }),
    answer(3, 'idle', { idle: 9 }),
    answer(4, 'wave', { wave: 6 }),
  ];
  expect(answersIn(answers, 'wave', 'idle').map((one) => one.sample)).toEqual([2, 1]);
  expect(answersIn(answers, 'idle', 'wave')).toEqual([]);
});

test('figures of classes stand in the order of the labels', () => {
  const figures = { precision: 1, recall: 1, f1: 1, windows: 1 };
  const report = {
    labels: ['a', 'b'],
    classes: [
      { label: 'b', ...figures },
      { label: 'a', ...figures },
    ],
  } as Report;
  expect(classesOf(report)?.map((one) => one.label)).toEqual(['a', 'b']);
  expect(classesOf({ ...report, classes: [] })).toBeUndefined();
});
