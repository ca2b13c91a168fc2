/** Numbers and times as the page shows them. Each is short, and of a width that hardly changes. */

const NOTHING = '–';

/** @param {number | null | undefined} value such as `950`, `12.3 k` or `4.6 M` */
export function count(value) {
  if (!isNumber(value)) return NOTHING;
  const size = Math.abs(value);
  if (size >= 1e9) return `${(value / 1e9).toFixed(1)} G`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(1);
}

/** @param {number | null | undefined} value exactly, with separators: `12,345` */
export function exact(value) {
  return isNumber(value) ? Math.round(value).toLocaleString('en-US') : NOTHING;
}

/** @param {number | null | undefined} value such as `512 B`, `12.3 kB` or `1.2 GB` */
export function bytes(value) {
  if (!isNumber(value)) return NOTHING;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const amount = value / 1000 ** power;
  return `${power === 0 ? Math.round(amount) : amount.toFixed(amount >= 100 ? 0 : 1)} ${units[power]}`;
}

/** @param {number | null | undefined} ms such as `0.42 ms`, `85 ms`, `1.2 s`, `3 min` or `5 h` */
export function duration(ms) {
  if (!isNumber(ms)) return NOTHING;
  if (ms === 0) return '0 ms';
  if (ms < 10) return `${ms.toFixed(ms < 1 ? 2 : 1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** @param {number | null | undefined} ratio between 0 and 1 */
export function percent(ratio) {
  if (!isNumber(ratio)) return NOTHING;
  const value = ratio * 100;
  return `${value === 100 || value === 0 ? value : value.toFixed(1)} %`;
}

/** @param {number | null | undefined} ms milliseconds since 1970, such as `14:03:07` */
export function clock(ms) {
  if (!isNumber(ms)) return NOTHING;
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

/** @param {number} ms milliseconds since 1970, such as `2026-05-04 14:03:07` */
export function dateAndTime(ms) {
  const at = new Date(ms);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0'));
  return `${date.join('-')} ${clock(ms)}`;
}

/**
 * @param {number} number
 * @param {string} noun
 * @param {string} [plural]
 */
export function counted(number, noun, plural = `${noun}s`) {
  return `${exact(number)} ${number === 1 ? noun : plural}`;
}

/**
 * A key as it stands in a URL, for people.
 *
 * @param {string} key
 */
export function readableKey(key) {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** @param {string} text with its first letter in upper case */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {unknown} value @returns {value is number} */
function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value);
}
