// What jobs that train and test tell, as far as pages show it.
import type { Job } from '$lib/api/client';

export interface ClassReport {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  windows: number;
}

export interface Footprint {
  board: string;
  ram_bytes: number;
  flash_bytes: number;
  latency_ms: number | null;
  parameters: number;
}

export interface AnomalyReport {
  normal_windows: number;
  false_alarms: number;
  auc: number | null;
  labels: { label: string; windows: number; found: number; auc: number | null }[];
}

/** Of a training or of a test; what another goal has is not there. */
export interface Report {
  learn: 'classifier' | 'anomaly' | 'regression';
  model?: string;
  windows: { training: number; testing: number };
  labels: string[];
  notices: string[];
  duplicates: unknown[];
  accuracy?: number | null;
  float_accuracy?: number | null;
  validation_accuracy?: number | null;
  f1?: number | null;
  recordings?: { correct: number; count: number };
  confusion?: number[][];
  classes?: ClassReport[];
  tried?: { model: string; validation_accuracy?: number; validation_error?: number }[];
  best_epoch?: number;
  device?: Footprint | null;
  /** A sentence. */
  int8_losses?: string;
  mean_absolute_error?: number | null;
  root_mean_square_error?: number | null;
  r_squared?: number | null;
  float?: { mean_absolute_error: number | null; r_squared: number | null };
  test?: AnomalyReport;
  curve?: [number | null, number | null, number | null, number | null][];
  scores?: { temperature: number; threshold: number };
  /** Of a test: the job whose network it judged. */
  training?: number;
}

/** test.json: what was said of each sample. */
export interface TestAnswer {
  sample: number;
  label: string;
  answer: string;
  right: boolean;
  windows: Record<string, number>;
}

export const reportOf = (job: Job | undefined): Report | undefined =>
  job && 'learn' in job.result ? (job.result as unknown as Report) : undefined;

/** `precision`, `recall`, … of each label in the labels' order, or nothing if the lists do not fit. */
export function classesOf(report: Report): ClassReport[] | undefined {
  const found = report.labels.map((label) => report.classes?.find((one) => one.label === label));
  return found.every((one) => one !== undefined) ? found : undefined;
}

/** Those that the confusion matrix counts in a cell, the most often so first. */
export function answersIn(answers: readonly TestAnswer[], is: string, said: string): TestAnswer[] {
  return answers
    .filter((answer) => answer.label === is && (answer.windows[said] ?? 0) > 0)
    .sort((a, b) => (b.windows[said] ?? 0) - (a.windows[said] ?? 0));
}
