// Whether the server answers; asks again by itself until it does.

const ASK_AGAIN_MS = 1500;

class Connection {
  /** False from the first request that got no answer until one gets one. */
  isUp = $state(true);
  /** Rises each time the server comes back: what depends on it is loaded again. */
  returns = $state(0);
}

export const connection = new Connection();
let timer: ReturnType<typeof setTimeout> | undefined;

export function unreachable(): void {
  connection.isUp = false;
  timer ??= setTimeout(() => void knock(), ASK_AGAIN_MS);
}

export function online(): void {
  if (connection.isUp) return;
  clearTimeout(timer);
  timer = undefined;
  connection.isUp = true;
  connection.returns += 1;
}

async function knock(): Promise<void> {
  timer = undefined;
  try {
    const answer = await fetch('/api/v1/health', { cache: 'no-store' });
    if (answer.ok) return online();
  } catch {
    // Still away.
  }
  unreachable();
}
