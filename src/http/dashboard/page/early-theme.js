// Runs before anything is drawn, so that a chosen theme does not flash in the other one first.
(() => {
  try {
    const chosen = localStorage.getItem('memchorus-theme');
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage can be switched off; then the system's theme holds.
  }
})();
