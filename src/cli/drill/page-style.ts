/** The style of a drill's page, by day and by night. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #1c1e21; --faint: #6b7280; --ground: #ffffff; --line: #d5d9e0;
  --good: #14713f; --bad: #b3261e; --blue: #2563ab; --fault: #b45309; --shade: #b4530918; --orange: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --faint: #9aa3af; --ground: #15181c; --line: #363c45;
  --good: #5ec98b; --bad: #ff8a80; --blue: #7ab0ea; --fault: #d98a3d; --shade: #d98a3d22; --orange: #ff9e6b; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.verdict { padding: .7rem 1rem; border-left: .3rem solid var(--faint); }
.verdict.kept { border-color: var(--good); } .verdict.broken { border-color: var(--bad); }
figure { margin: 0; overflow-x: auto; } svg { width: 100%; min-width: 40rem; font-size: 12px; }
figcaption { color: var(--faint); font-size: .85rem; }
svg text { fill: var(--text); } svg .number { text-anchor: end; fill: var(--faint); }
svg .tick { text-anchor: middle; fill: var(--faint); } svg .lane { stroke: var(--line); }
svg .fault { fill: var(--fault); } svg .on-fault { fill: var(--ground); font-size: 11px; }
svg .shade { fill: var(--shade); } svg .answered { fill: var(--blue); } svg .errors { fill: var(--bad); }
svg polyline { fill: none; stroke-width: 1.5; }
svg .reads { stroke: var(--blue); } svg .writes { stroke: var(--orange); }
.key { display: inline-block; width: .8em; height: .8em; margin-left: .8em; }
.key.answered, .key.reads { background: var(--blue); } .key.errors { background: var(--bad); }
.key.writes { background: var(--orange); } .key.shade { background: var(--shade); }
table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0; text-align: left; vertical-align: top; }
td.number { text-align: right; color: var(--faint); white-space: nowrap; }
.lanes td, .lanes th { border: 1px solid var(--line); padding: .3rem .7rem; font-family: ui-monospace, monospace; }
small { color: var(--faint); }
`;
