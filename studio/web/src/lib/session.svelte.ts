// Who looks at the page, and at which projects.
import { api, setCsrfToken, type Me, type Project } from '$lib/api/client';

class Session {
  me = $state.raw<Me | undefined>(undefined);
  projects = $state.raw<Project[]>([]);
  /** False until the projects came for the first time. */
  knowsProjects = $state(false);
  readonly needsLogin = $derived(this.me?.kind === 'nobody');
}
export const session = new Session();

export async function loadSession(): Promise<void> {
  session.me = await api.get('/api/v1/me');
  setCsrfToken(session.me.csrf_token ?? '');
  if (session.me.kind !== 'nobody') await loadProjects();
}

export async function loadProjects(): Promise<void> {
  session.projects = (await api.get('/api/v1/projects')).projects;
  session.knowsProjects = true;
}

export async function logIn(name: string, password: string): Promise<void> {
  await api.post('/api/v1/login', { body: { name, password } });
  await loadSession();
}

export async function logOut(): Promise<void> {
  await api.post('/api/v1/logout');
  session.projects = [];
  session.knowsProjects = false;
  await loadSession();
}
