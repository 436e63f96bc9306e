// What the server tells of a project as it happens. An event is a hint to look again; after a gap everything is.
import { online, unreachable } from '$lib/connection.svelte';
import type { Job, Sampling } from '$lib/api/client';

/** A point of the curves while a network learns. */
export interface Epoch {
  /** Which network: "train: dense". */
  of: string;
  number: number;
  training_loss: number | null;
  training_score: number | null;
  validation_loss: number | null;
  validation_score: number | null;
}

export interface ProjectEvents {
  sample: { id?: number; change?: string };
  device: { device_id: string; device_type: string; connected: boolean };
  /** A job's state, a line of its log, or how its network does. */
  job: Pick<Job, 'id' | 'kind' | 'state'> & Partial<Job> & { log?: string; epoch?: Epoch };
  sampling: Sampling;
  impulse: object;
  inference: object;
  /** The connection was away for a while. */
  gap: null;
}
type Kind = keyof ProjectEvents;
type Heard<K extends Kind> = (event: ProjectEvents[K]) => void;

const KINDS: readonly Kind[] = ['sample', 'device', 'job', 'sampling', 'impulse', 'inference'];
const AGAIN_MS = 2000;

const listeners = new Map<Kind, Set<Heard<Kind>>>();
let source: EventSource | undefined;
let project = 0;

function tell(kind: Kind, event: ProjectEvents[Kind]): void {
  for (const heard of listeners.get(kind) ?? []) (heard as (event: unknown) => void)(event);
}

function open(hadGap: boolean): void {
  const mine = project;
  const opened = new EventSource(`/api/v1/projects/${mine}/events`);
  let lost = hadGap;
  source = opened;
  opened.onopen = () => {
    online();
    if (lost) tell('gap', null);
    lost = false;
  };
  opened.onerror = () => {
    lost = true;
    unreachable();
    // A browser gives up after an answer that is no stream, such as a proxy's; we do not.
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      if (source === opened) open(true);
    }, AGAIN_MS);
  };
  for (const kind of KINDS) {
    opened.addEventListener(kind, (message: MessageEvent<string>) => {
      tell(kind, JSON.parse(message.data) as ProjectEvents[Kind]);
    });
  }
}

/** Listens to another project; 0: to none. */
export function listenTo(next: number): void {
  if (next === project) return;
  source?.close();
  source = undefined;
  project = next;
  if (next !== 0) open(false);
}

/** Calls `heard` until the function that it gives is called. */
export function on<K extends Kind>(kind: K, heard: Heard<K>): () => void {
  const set = listeners.get(kind) ?? new Set();
  listeners.set(kind, set);
  set.add(heard as Heard<Kind>);
  return () => set.delete(heard as Heard<Kind>);
}
