// The pages, their names and keys; each page's code is fetched when it is gone to.
import type { Component } from 'svelte';
import type { Step } from '$lib/route';

export type PageName = 'projects' | 'dashboard' | Step;

/** What a page is given; those without a project do not look at it. */
export interface PageProps {
  project: number;
  /** The number after the page's name: a sample's id. */
  item?: number;
  query: Record<string, string>;
}

export const NAMES: Record<PageName, string> = {
  projects: 'Projects',
  dashboard: 'Dashboard',
  devices: 'Devices',
  data: 'Data',
  impulse: 'Impulse',
  features: 'Features',
  train: 'Train',
  test: 'Test',
  live: 'Live',
  deploy: 'Deploy',
};

/** After g. */
export const LETTERS: Record<PageName, string> = {
  projects: 'p',
  dashboard: 'h',
  devices: 'v',
  data: 'd',
  impulse: 'i',
  features: 'f',
  train: 't',
  test: 'e',
  live: 'l',
  deploy: 'y',
};

type Loading = () => Promise<{ default: Component<PageProps> }>;
export const PAGES: Record<PageName, Loading> = {
  projects: () => import('../pages/Projects.svelte'),
  dashboard: () => import('../pages/Dashboard.svelte'),
  devices: () => import('../pages/Devices.svelte'),
  data: () => import('../pages/Data.svelte'),
  impulse: () => import('../pages/Impulse.svelte'),
  features: () => import('../pages/Features.svelte'),
  train: () => import('../pages/Train.svelte'),
  test: () => import('../pages/Test.svelte'),
  live: () => import('../pages/Live.svelte'),
  deploy: () => import('../pages/Deploy.svelte'),
};
