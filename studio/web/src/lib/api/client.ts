// Asks the server. Paths, parameters, bodies and answers are typed by the server's own description (schema.d.ts).
import { online, unreachable } from '$lib/connection.svelte';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Project = Schemas['Project'];
export type Sample = Schemas['Sample'];
export type Category = Sample['category'];
export type Impulse = Schemas['Impulse'];
export type Design = Schemas['ImpulseDesign'];
export type Block = Schemas['Block'];
export type Job = Schemas['Job'];
export type NewJob = Schemas['NewJob'];
export type Artefact = Schemas['Artefact'];
export type LiveDevice = Schemas['LiveDevice'];
export type Sampling = Schemas['Sampling'];
export type Me = Schemas['Me'];

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type PathOf<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];
type At<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type ParametersOf<O, K extends string> = O extends { parameters: { [k in K]?: infer T } } ? T : undefined;
type BodyOf<O> = O extends { requestBody?: { content: { 'application/json': infer T } } } ? T : undefined;
type AnswerOf<O> = O extends { responses: infer R }
  ? { [S in keyof R]: R[S] extends { content: { 'application/json': infer T } } ? T : never }[keyof R]
  : never;

export interface Asking<O> {
  path?: { [K in keyof ParametersOf<O, 'path'>]: string | number };
  query?: ParametersOf<O, 'query'>;
  body?: BodyOf<O>;
  /** The version that was seen: 412 when somebody has changed it since. */
  ifMatch?: number;
  signal?: AbortSignal;
  /** Is sent also when the page is being closed. */
  keepalive?: boolean;
}

/** What the server said no with: its sentence as the message. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** The sentence to show for whatever was thrown. */
export function sentenceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The server did not answer: the frame says so for all of the page, and what failed is asked again when it is back. */
export function wasUnreachable(thrown: unknown): boolean {
  return thrown instanceof ApiError && thrown.status === 0;
}

export function wasAborted(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}

let csrfToken = '';
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** "/projects/3/samples?label=a" of the template, with what is undefined left out. */
export function urlOf(template: string, path: object = {}, query: object = {}): string {
  const known = path as Record<string, unknown>;
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(known[name])));
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (pairs.length === 0) return filled;
  return `${filled}?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}

/** A text that no other request has. (`randomUUID` is missing where a page came without TLS.) */
function onceKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The sentence of an answer that is an error: RFC 9457's detail, or the best there is. */
async function errorOf(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '');
  let sentence = '';
  try {
    const problem = JSON.parse(text) as { detail?: string; title?: string };
    sentence = problem.detail || problem.title || '';
  } catch {
    sentence = text.length < 300 ? text : '';
  }
  return new ApiError(sentence || `The server answers ${answer.status} ${answer.statusText}.`, answer.status);
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if (csrfToken && init.method !== 'GET') headers.set('X-CSRF-Token', csrfToken);
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, headers, credentials: 'same-origin' });
  } catch (thrown) {
    if (wasAborted(thrown)) throw thrown;
    unreachable();
    throw new ApiError('The server does not answer. Is `thimble serve` running?', 0);
  }
  online();
  if (!answer.ok) throw await errorOf(answer);
  return answer;
}

async function ask<M extends Method, P extends PathOf<M>>(
  method: M,
  template: P,
  asking: Asking<At<P, M>>,
): Promise<AnswerOf<At<P, M>>> {
  const headers = new Headers();
  if (asking.body !== undefined) headers.set('Content-Type', 'application/json');
  if (asking.ifMatch !== undefined) headers.set('If-Match', `"${asking.ifMatch}"`);
  if (method === 'post' && !/\/(keys|users|login|logout|hmac-keys)$/.test(template)) {
    headers.set('Idempotency-Key', onceKey());
  }
  const answer = await request(urlOf(template, asking.path ?? {}, asking.query ?? {}), {
    method: method.toUpperCase(),
    headers,
    body: asking.body === undefined ? undefined : JSON.stringify(asking.body),
    signal: asking.signal,
    keepalive: asking.keepalive,
  });
  const text = await answer.text();
  return (text === '' ? undefined : JSON.parse(text)) as AnswerOf<At<P, M>>;
}

/** Throws ApiError with the server's sentence; with status 0 when it does not answer. */
export const api = {
  get: <P extends PathOf<'get'>>(path: P, asking: Asking<At<P, 'get'>> = {}) => ask('get', path, asking),
  post: <P extends PathOf<'post'>>(path: P, asking: Asking<At<P, 'post'>> = {}) => ask('post', path, asking),
  put: <P extends PathOf<'put'>>(path: P, asking: Asking<At<P, 'put'>> = {}) => ask('put', path, asking),
  patch: <P extends PathOf<'patch'>>(path: P, asking: Asking<At<P, 'patch'>> = {}) => ask('patch', path, asking),
  delete: <P extends PathOf<'delete'>>(path: P, asking: Asking<At<P, 'delete'>> = {}) => ask('delete', path, asking),
};

export function artefactFileUrl(project: number, artefact: number): string {
  return urlOf('/api/v1/projects/{project}/artefacts/{artefact}/file', { project, artefact });
}

export function sampleFileUrl(project: number, sample: number): string {
  return urlOf('/api/v1/projects/{project}/samples/{sample}/file', { project, sample });
}

/** What a job has made, if it is JSON. */
export async function artefactJson<T>(project: number, artefact: number, signal?: AbortSignal): Promise<T> {
  const answer = await request(artefactFileUrl(project, artefact), { method: 'GET', signal });
  return (await answer.json()) as T;
}

/** The bytes of a recording's file. */
export async function sampleFile(project: number, sample: number, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await request(sampleFileUrl(project, sample), { method: 'GET', signal })).arrayBuffer();
}

/** Where a device that has only a pairing code belongs. */
export async function projectOfCode(code: string): Promise<number> {
  const answer = await request('/api/v1/me', { method: 'GET', headers: { 'x-api-key': code } });
  const { project_id: project } = (await answer.json()) as Me;
  if (!project) throw new ApiError('This code is too old; let the studio’s page show a new one.', 401);
  return project;
}

/** Brings files as recordings; `label` is of those that do not say one themselves; `code` is a device's. */
export async function upload(
  project: number,
  category: Category | 'split',
  files: readonly File[],
  label: string,
  signal?: AbortSignal,
  code = '',
): Promise<Schemas['Uploaded']['files']> {
  const form = new FormData();
  for (const file of files) form.append('data', file, file.name);
  const answer = await request(urlOf('/api/v1/projects/{project}/uploads/{category}', { project, category }), {
    method: 'POST',
    body: form,
    headers: { ...(label && { 'x-label': encodeURIComponent(label) }), ...(code && { 'x-api-key': code }) },
    signal,
  });
  return ((await answer.json()) as Schemas['Uploaded']).files;
}

/** Brings an archive for the job `import`. */
export async function bringArchive(project: number, file: File): Promise<Artefact> {
  const url = urlOf('/api/v1/projects/{project}/artefacts', { project }, { name: file.name, kind: 'archive' });
  const headers = { 'Content-Type': 'application/octet-stream' };
  return (await (await request(url, { method: 'POST', body: file, headers })).json()) as Artefact;
}
