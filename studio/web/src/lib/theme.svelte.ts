// Dark or light: as the system says, until somebody chooses.

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'theme';
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

function kept(): Theme {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

class ThemeChoice {
  chosen = $state<Theme>(kept());
  #systemIsDark = $state(prefersDark.matches);
  readonly isDark = $derived(this.chosen === 'dark' || (this.chosen === 'system' && this.#systemIsDark));

  constructor() {
    prefersDark.addEventListener('change', (event) => {
      this.#systemIsDark = event.matches;
      applyTheme();
    });
  }
}

export const theme = new ThemeChoice();

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme.isDark ? 'dark' : 'light';
}

export function chooseTheme(chosen: Theme): void {
  theme.chosen = chosen;
  if (chosen === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, chosen);
  applyTheme();
}
