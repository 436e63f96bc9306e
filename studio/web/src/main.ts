// Begins the page: the studio, or a phone that came by a code.
import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { applyTheme } from '$lib/theme.svelte';
import { phoneCodeOf } from '$lib/route';

applyTheme();
const target = document.getElementById('app') as HTMLElement;
const code = phoneCodeOf(location.hash);
if (code === undefined) mount(App, { target });
else void import('./phone/Phone.svelte').then(({ default: Phone }) => mount(Phone, { target, props: { code } }));
addEventListener('hashchange', () => {
  if (phoneCodeOf(location.hash) !== code) location.reload();
});
