// Something that is loaded from the server, and loaded again when what it depends on changes or the server comes back.
import { sentenceOf, wasAborted, wasUnreachable } from '$lib/api/client';
import { connection } from '$lib/connection.svelte';

export class Resource<T> {
  /** The last that came; stays while the next is on its way. */
  value = $state.raw<T | undefined>(undefined);
  error = $state('');
  loading = $state(true);
  #again = $state(0);

  /** Call while a component is made. What `load` reads before its first await is what it depends on. */
  constructor(load: (signal: AbortSignal) => Promise<T>) {
    $effect(() => {
      void this.#again;
      void connection.returns;
      const controller = new AbortController();
      this.loading = true;
      load(controller.signal).then(
        (value) => {
          if (controller.signal.aborted) return;
          this.value = value;
          this.error = '';
          this.loading = false;
        },
        (thrown: unknown) => {
          if (controller.signal.aborted || wasAborted(thrown) || wasUnreachable(thrown)) return;
          this.error = sentenceOf(thrown);
          this.loading = false;
        },
      );
      return () => controller.abort();
    });
  }

  /** Loads again; `value` stays until it has come. */
  reload = (): void => {
    this.#again += 1;
  };
}
