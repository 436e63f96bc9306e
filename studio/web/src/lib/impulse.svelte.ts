// The designs of a project, and the one that is being changed: every change is saved by itself.
import { api, sentenceOf, type ApiError, type Design, type Impulse } from '$lib/api/client';
import { on } from '$lib/events.svelte';
import { tell, tellError } from '$lib/tidings.svelte';

const SAVE_AFTER_MS = 350;

/** Without what is left to the server: members that are undefined, and groups without members. */
export function cleaned(design: Design): Design {
  return withoutGaps(design) as Design;
}

function withoutGaps(group: object): object {
  const kept: [string, unknown][] = [];
  for (const [name, value] of Object.entries(group) as [string, unknown][]) {
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'object' || Array.isArray(value)) kept.push([name, value]);
    else if (Object.keys(withoutGaps(value)).length > 0) kept.push([name, withoutGaps(value)]);
  }
  return Object.fromEntries(kept);
}

/** Make it while a component is made. */
export class Impulses {
  list = $state.raw<readonly Impulse[]>([]);
  current = $state.raw<Impulse>();
  /** Of the current one, as it is being changed. */
  design = $state.raw<Design>({});
  isKnown = $state(false);
  error = $state('');
  /** '': nothing was changed here. */
  saving = $state<'' | 'saved' | 'saving' | 'refused'>('');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waits = false;

  constructor(
    readonly project: number,
    wanted?: number,
  ) {
    void this.#load(wanted);
    $effect(() => {
      const again = (): void => {
        if (!this.#waits && this.saving !== 'saving') void this.#load(this.current?.id);
      };
      const stops = [on('impulse', again), on('gap', again)];
      return () => {
        stops.forEach((stop) => stop());
        if (this.#waits) void this.#save();
      };
    });
  }

  choose(impulse: Impulse): void {
    if (this.#waits) void this.#save();
    this.current = impulse;
    this.design = impulse.design;
    this.error = '';
    this.saving = '';
  }

  /** Shown at once, saved when hands are still. */
  change(part: Partial<Design>): void {
    this.design = cleaned({ ...this.design, ...part });
    this.error = '';
    this.saving = 'saving';
    this.#waits = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#save(), SAVE_AFTER_MS);
  }

  async rename(name: string): Promise<void> {
    await this.#patch({ name });
  }

  async add(name: string, design: Design = {}): Promise<void> {
    try {
      const path = { project: this.project };
      const made = await api.post('/api/v1/projects/{project}/impulses', { path, body: { name, design } });
      this.list = [...this.list, made];
      this.choose(made);
    } catch (thrown) {
      tellError(thrown);
    }
  }

  async remove(): Promise<void> {
    const was = this.current;
    if (!was) return;
    clearTimeout(this.#timer);
    this.#waits = false;
    try {
      const path = { project: this.project, impulse: was.id };
      await api.delete('/api/v1/projects/{project}/impulses/{impulse}', { path });
      tell(`${was.name} is deleted.`, () => void this.add(was.name, was.design));
      await this.#load();
    } catch (thrown) {
      tellError(thrown);
    }
  }

  /** What has not been saved yet, now. */
  async settle(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#waits) await this.#save();
  }

  async #save(): Promise<void> {
    this.#waits = false;
    await this.#patch({ design: this.design });
  }

  async #patch(body: { name?: string; design?: Design }): Promise<void> {
    const was = this.current;
    if (!was) return;
    try {
      const path = { project: this.project, impulse: was.id };
      const now = await api.patch('/api/v1/projects/{project}/impulses/{impulse}', {
        path,
        body,
        ifMatch: was.version,
      });
      this.list = this.list.map((one) => (one.id === now.id ? now : one));
      if (this.current?.id !== now.id) return;
      this.current = now;
      if (!this.#waits) this.saving = 'saved';
    } catch (thrown) {
      this.error = sentenceOf(thrown);
      this.saving = 'refused';
      if ((thrown as ApiError).status === 412) await this.#load(was.id);
    }
  }

  async #load(wanted?: number): Promise<void> {
    try {
      const path = { project: this.project };
      this.list = (await api.get('/api/v1/projects/{project}/impulses', { path })).impulses;
      const chosen = this.list.find((one) => one.id === wanted) ?? this.list.at(-1);
      if (chosen) this.choose(chosen);
      else this.current = undefined;
      this.isKnown = true;
    } catch (thrown) {
      this.error = sentenceOf(thrown);
    }
  }
}
