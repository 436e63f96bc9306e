// Two trainings side by side.
import type { Design } from '$lib/api/client';
import type { Report } from './report';
import { bytesText, durationText, numberText, shareText } from './text';

export interface Run {
  report: Report;
  /** As it was asked for. */
  design?: Design;
}

export interface Row {
  name: string;
  texts: [string, string];
  /** Which of the two is better; null: neither, or that is no question. */
  better: 0 | 1 | null;
}

const NONE = '–';
const PROPOSED = 'as proposed';

type Value = number | null | undefined;

function figure(
  name: string,
  [one, other]: [Value, Value],
  text: (value: number) => string,
  more: boolean,
): Row | null {
  if (one == null && other == null) return null;
  const better = one == null || other == null || one === other ? null : one > other === more ? 0 : 1;
  return { name, texts: [one == null ? NONE : text(one), other == null ? NONE : text(other)], better };
}

function blockText(design: Design | undefined): string {
  const block = design?.block;
  if (!block) return PROPOSED;
  const parameters = Object.entries(block.parameters ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  return [block.name, ...parameters].join(', ');
}

/** What both have, and what one of them has. */
export function compareRuns(one: Run, other: Run): Row[] {
  const words = (name: string, of: (run: Run) => string): Row => ({ name, texts: [of(one), of(other)], better: null });
  const both = (of: (report: Report) => Value): [Value, Value] => [of(one.report), of(other.report)];
  const count = (value: number): string => value.toLocaleString('en');
  return [
    words('Network', ({ report }) => report.model ?? NONE),
    words('Block', ({ design }) => blockText(design)),
    words('Window', ({ design }) => (design?.window_ms ? durationText(design.window_ms) : PROPOSED)),
    words('Windows to learn from', ({ report }) => count(report.windows.training)),
    words('Windows of the test', ({ report }) => count(report.windows.testing)),
    figure(
      'Accuracy',
      both((report) => report.accuracy),
      shareText,
      true,
    ),
    figure(
      'F1',
      both((report) => report.f1),
      shareText,
      true,
    ),
    figure(
      'With float',
      both((report) => report.float_accuracy),
      shareText,
      true,
    ),
    figure(
      'Mean error',
      both((report) => report.mean_absolute_error),
      numberText,
      false,
    ),
    figure(
      'Area under the curve',
      both((report) => report.test?.auc),
      numberText,
      true,
    ),
    figure(
      'RAM',
      both((report) => report.device?.ram_bytes),
      bytesText,
      false,
    ),
    figure(
      'Flash',
      both((report) => report.device?.flash_bytes),
      bytesText,
      false,
    ),
    figure(
      'Time for a window',
      both((report) => report.device?.latency_ms),
      durationText,
      false,
    ),
    figure(
      'Parameters',
      both((report) => report.device?.parameters),
      count,
      false,
    ),
  ].filter((row) => row !== null);
}
