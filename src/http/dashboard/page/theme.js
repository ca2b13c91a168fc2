/** The choice of the colours. `early-theme.js` applies a stored choice before the page is drawn. */

const STORED_AS = 'memchorus-theme';

/**
 * @param {HTMLSelectElement} select
 * @param {() => void} onChange called after the colours have changed, also by the system
 */
export function startTheme(select, onChange) {
  select.value = document.documentElement.dataset.theme ?? 'auto';
  select.addEventListener('change', () => {
    choose(select.value);
    onChange();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
}

/** @param {string} theme */
function choose(theme) {
  const isChosen = theme === 'light' || theme === 'dark';
  if (isChosen) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  try {
    if (isChosen) localStorage.setItem(STORED_AS, theme);
    else localStorage.removeItem(STORED_AS);
  } catch {
    // Storage can be switched off: the choice holds until the page is closed.
  }
}

/**
 * The colour that a custom property stands for now. Canvas needs it, and cannot resolve `light-dark()` itself.
 *
 * @param {string} name such as `--accent`
 */
export function colorOf(name) {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
