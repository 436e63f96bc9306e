// Shows every widget with data like a project's; for people who work on them, and for their tests. Not in what is built.
import { mount } from 'svelte';
import '../app.css';
import Playground from './Playground.svelte';
import { applyTheme } from '$lib/theme.svelte';

applyTheme();
mount(Playground, { target: document.getElementById('app') as HTMLElement });
