// The recordings of a project, page by page, and what they look like.
import { untrack } from 'svelte';
import { api, sentenceOf, wasAborted, wasUnreachable, type Category, type Sample, type Schemas } from '$lib/api/client';

export interface SampleFilter {
  label?: string;
  category?: Category;
  name?: string;
  enabled?: boolean;
}

const PAGE = 50;

/** A list that grows while one scrolls. */
export class SampleList {
  samples = $state.raw<readonly Sample[]>([]);
  /** All that fit. */
  count = $state<number>();
  error = $state('');
  loading = $state(true);
  #next = $state<number>();
  #controller = new AbortController();
  readonly hasMore = $derived(this.#next !== undefined);

  constructor(
    private readonly project: number,
    private filter: SampleFilter,
  ) {}

  /** From the top; what is shown stays until the new comes. As many as there were, so that one stays where one is. */
  async load(filter: SampleFilter = this.filter): Promise<void> {
    const isSame = JSON.stringify(filter) === JSON.stringify(this.filter);
    this.filter = filter;
    const shown = untrack(() => this.samples.length);
    const limit = isSame ? Math.min(Math.max(PAGE, shown), 1000) : PAGE;
    await this.#fetch(limit, undefined);
  }

  async more(): Promise<void> {
    if (!this.loading && this.#next !== undefined) await this.#fetch(PAGE, this.#next);
  }

  /** Shows at once what the server is still to be told. */
  change(ids: ReadonlySet<number>, change: Partial<Sample> | null): void {
    this.samples =
      change === null
        ? this.samples.filter((sample) => !ids.has(sample.id))
        : this.samples.map((sample) => (ids.has(sample.id) ? { ...sample, ...change } : sample));
  }

  async #fetch(limit: number, cursor: number | undefined): Promise<void> {
    this.#controller.abort();
    const { signal } = (this.#controller = new AbortController());
    this.loading = true;
    try {
      const answer = await api.get('/api/v1/projects/{project}/samples', {
        path: { project: this.project },
        query: { ...this.filter, limit, cursor, count: cursor === undefined ? true : undefined },
        signal,
      });
      this.samples = cursor === undefined ? answer.samples : [...this.samples, ...answer.samples];
      if (answer.count !== undefined) this.count = answer.count;
      this.#next = answer.next;
      this.error = '';
      this.loading = false;
    } catch (thrown) {
      if (signal.aborted || wasAborted(thrown) || wasUnreachable(thrown)) return;
      this.error = sentenceOf(thrown);
      this.loading = false;
    }
  }
}

type Values = Schemas['Values'];
const KEPT = 500;
const seen = new Map<string, Promise<Values>>();

/** A whole recording in so many pixels, kept for when it is shown again. */
export function thumbnailOf(project: number, sample: Sample, width: number): Promise<Values> {
  // Cropping gives it another version, and so another look.
  const key = `${project}/${sample.id}/${sample.version}/${width}`;
  const known = seen.get(key);
  if (known) return known;
  const asked = api.get('/api/v1/projects/{project}/samples/{sample}/values', {
    path: { project, sample: sample.id },
    query: { width },
  });
  asked.catch(() => seen.delete(key));
  seen.set(key, asked);
  const oldest = seen.keys().next();
  if (seen.size > KEPT && !oldest.done) seen.delete(oldest.value);
  return asked;
}
