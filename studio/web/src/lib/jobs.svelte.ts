// Long work of the server, followed while it goes: how far it is, what it says, how it ended.
import { api, type Job, type NewJob } from '$lib/api/client';
import { connection } from '$lib/connection.svelte';
import { on, type Epoch } from '$lib/events.svelte';
import { tellError } from '$lib/tidings.svelte';

export const hasEnded = (job: Pick<Job, 'state'>): boolean => ['done', 'failed', 'cancelled'].includes(job.state);

/** The newest job of some kinds in a project, or one that is started here. Make it while a component is made. */
export class JobWatch {
  job = $state.raw<Job | undefined>(undefined);
  /** The newest that ended well: what a page shows while the next one runs. */
  done = $state.raw<Job | undefined>(undefined);
  lines = $state.raw<readonly string[]>([]);
  epochs = $state.raw<readonly Epoch[]>([]);
  /** False until the server said which jobs there are. */
  isKnown = $state(false);
  starting = $state(false);
  readonly isRunning = $derived(this.job !== undefined && !hasEnded(this.job));

  constructor(
    readonly project: number,
    readonly kinds: readonly string[],
    private readonly onDone: (job: Job) => void = () => {},
  ) {
    $effect(() => {
      void connection.returns;
      void this.#look();
    });
    $effect(() => {
      const stops = [
        on('gap', () => void this.#look()),
        on('job', (event) => {
          if (!this.kinds.includes(event.kind)) return;
          if (this.job === undefined || event.id > this.job.id) void this.#look();
          if (event.id !== this.job?.id) return;
          if (event.log !== undefined) {
            this.lines = [...this.lines, event.log];
          } else if (event.epoch !== undefined) {
            this.epochs = [...this.epochs, event.epoch];
          } else if (hasEnded(event)) {
            void this.#look();
          } else {
            this.job = { ...this.job, ...event };
          }
        }),
      ];
      return () => stops.forEach((stop) => stop());
    });
  }

  async start(wish: NewJob): Promise<void> {
    this.starting = true;
    try {
      const job = await api.post('/api/v1/projects/{project}/jobs', {
        path: { project: this.project },
        body: wish,
      });
      this.#take(job);
    } catch (thrown) {
      tellError(thrown);
    }
    this.starting = false;
  }

  cancel = async (): Promise<void> => {
    if (!this.job) return;
    const path = { project: this.project, job: this.job.id };
    try {
      this.#take(await api.post('/api/v1/projects/{project}/jobs/{job}/cancel', { path }));
    } catch (thrown) {
      tellError(thrown);
    }
  };

  #take(job: Job): void {
    if (this.job?.id !== job.id) {
      this.lines = [];
      this.epochs = [];
    }
    const wasRunning = this.job?.id === job.id && !hasEnded(this.job);
    this.job = job;
    if (job.state !== 'done') return;
    this.done = job;
    if (wasRunning) this.onDone(job);
  }

  async #look(): Promise<void> {
    const path = { project: this.project };
    try {
      const { jobs } = await api.get('/api/v1/projects/{project}/jobs', { path, query: { limit: 200 } });
      const mine = jobs.filter((job) => this.kinds.includes(job.kind));
      const newest = mine[0];
      this.done = mine.find((job) => job.state === 'done');
      if (newest) this.#take(newest);
      this.isKnown = true;
      if (!newest) return;
      const log = await api.get('/api/v1/projects/{project}/jobs/{job}/log', {
        path: { project: this.project, job: newest.id },
      });
      // Lines that are told now reach the store with the next heartbeat.
      if (log.lines.length >= this.lines.length) this.lines = log.lines.map((line) => line.text);
    } catch {
      // The connection says so, and looks again when it is back.
    }
  }
}
