// Where one is: the part of the address after #, so that the server knows no pages and a reload stays.

export const STEPS = ['data', 'devices', 'impulse', 'features', 'train', 'test', 'live', 'deploy'] as const;
export type Step = (typeof STEPS)[number];

export type Route =
  | { page: 'projects' }
  | { page: 'dashboard'; project: number }
  | { page: Step; project: number; item?: number; query: Record<string, string> }
  | { page: 'nowhere' };

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}

/** The route of "#/projects/1/data/7?label=wave". */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 0) return { page: 'projects' };
  const project = numberOf(parts[1]);
  if (parts[0] !== 'projects' || project === undefined || parts.length > 4) return { page: 'nowhere' };
  if (parts.length === 2) return { page: 'dashboard', project };
  const page = STEPS.find((step) => step === parts[2]);
  const item = numberOf(parts[3]);
  if (page === undefined || (parts.length === 4 && item === undefined)) return { page: 'nowhere' };
  return { page, project, item, query: Object.fromEntries(new URLSearchParams(search)) };
}

/** "#/projects/1/data/7?label=wave"; what is empty in the query is left out. */
export function hrefOf(project: number, page?: Step, item?: number, query: Record<string, string> = {}): string {
  const path = ['#/projects', project, page, item].filter((part) => part !== undefined).join('/');
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return search ? `${path}?${search}` : path;
}

/** The code in "#/phone/pair_…", by which a phone comes in as a device. */
export const phoneCodeOf = (hash: string): string | undefined => /^#\/phone\/(\w+)$/.exec(hash)?.[1];
