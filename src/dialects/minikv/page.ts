import { escaped } from '../../base/escaped.ts';
import type { MiniKvEntry } from './stored-entry.ts';

/** The page of all entries. */
export function pageOf(entries: readonly MiniKvEntry[]): string {
  const sorted = [...entries].sort((a, b) => a.createdAt - b.createdAt);
  const items = sorted.map(({ key, valueText }) => `<li>${escaped(`${key}: ${shown(valueText)}`)}</li>`);
  const body =
    items.length === 0
      ? '<p>Found no entries in the database.</p>'
      : `<p>Found the following entries:</p>\n<ul>\n${items.join('\n')}\n</ul>`;
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>MiniKV</title><link rel="icon" href="data:,"></head>
<body>
${body}
</body>
</html>
`;
}

/** A text is shown as it is, and all else in JSON. */
function shown(valueText: string): string {
  return valueText.startsWith('"') ? (JSON.parse(valueText) as string) : valueText;
}
