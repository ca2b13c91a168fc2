import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';

/**
 * The dashboard against Grafana's published model of dashboards (the classic one, of which `schemaVersion` is a part):
 * a schema of all that the file uses, so that a misspelt field is an error. Grafana itself drops what it does not know,
 * and then shows its own defaults.
 */

const text = { type: 'string' };
const flag = { type: 'boolean' };
const count = { type: 'integer', minimum: 0 };
const words = (...all: string[]) => ({ enum: all });
const list = (items: object) => ({ type: 'array', items });

/** An object of these fields and no others, of which all are required but those that are named. */
function object(properties: Record<string, object>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

const DATASOURCE = object({
  type: words('prometheus'),
  uid: { type: 'string', pattern: '^\\$\\{datasource\\}$' },
});
const GRID = object({ h: count, w: { ...count, maximum: 24 }, x: { ...count, maximum: 23 }, y: count });
const THRESHOLDS = object({
  mode: words('absolute', 'percentage'),
  steps: list(object({ color: text, value: { type: ['number', 'null'] } })),
});
const VALUE_MAPPING = object({
  type: words('value'),
  options: { type: 'object', additionalProperties: object({ text, color: text, index: count }) },
});
const TARGET = object(
  {
    datasource: DATASOURCE,
    editorMode: words('code', 'builder'),
    expr: text,
    legendFormat: text,
    range: flag,
    instant: flag,
    refId: { type: 'string', pattern: '^[A-Z]$' },
  },
  ['range', 'instant'],
);
const STAT_OPTIONS = object({
  colorMode: words('value', 'background', 'background_solid', 'none'),
  graphMode: words('none', 'line', 'area'),
  justifyMode: words('auto', 'center'),
  orientation: words('auto', 'vertical', 'horizontal'),
  reduceOptions: object({
    calcs: list(words('lastNotNull', 'last', 'max', 'min', 'mean', 'sum')),
    fields: text,
    values: flag,
  }),
  textMode: words('auto', 'value', 'value_and_name', 'name', 'none'),
});
const TIMESERIES_OPTIONS = object({
  legend: object({
    calcs: list(words('lastNotNull', 'last', 'max', 'min', 'mean', 'sum')),
    displayMode: words('list', 'table', 'hidden'),
    placement: words('bottom', 'right'),
    showLegend: flag,
  }),
  tooltip: object({ mode: words('single', 'multi', 'none'), sort: words('asc', 'desc', 'none') }),
});
const TIMESERIES_STYLE = {
  type: 'object',
  properties: {
    drawStyle: words('line', 'bars', 'points'),
    lineInterpolation: words('linear', 'smooth', 'stepBefore', 'stepAfter'),
    lineWidth: count,
    fillOpacity: { ...count, maximum: 100 },
    gradientMode: words('none', 'opacity', 'hue', 'scheme'),
    showPoints: words('auto', 'never', 'always'),
    pointSize: count,
    spanNulls: { type: ['boolean', 'number'] },
    stacking: object({ group: text, mode: words('none', 'normal', 'percent') }),
    axisPlacement: words('auto', 'left', 'right', 'hidden'),
    axisLabel: text,
    axisSoftMin: { type: 'number' },
    scaleDistribution: object({ type: words('linear', 'log', 'ordinal', 'symlog') }),
    thresholdsStyle: object({ mode: words('off', 'line', 'area', 'dashed', 'line+area', 'dashed+area') }),
  },
  additionalProperties: false,
};
const FIELDS = object(
  {
    unit: words('none', 's', 'ops', 'bytes', 'percentunit', 'Bps'),
    min: { type: 'number' },
    max: { type: 'number' },
    decimals: count,
    color: object({ mode: words('palette-classic', 'thresholds', 'fixed') }),
    custom: TIMESERIES_STYLE,
    mappings: list(VALUE_MAPPING),
    thresholds: THRESHOLDS,
  },
  ['min', 'max', 'decimals', 'color', 'custom', 'mappings', 'thresholds'],
);

const panelOf = (type: string, options: object): object =>
  object({
    id: { type: 'integer', minimum: 1 },
    type: { const: type },
    title: text,
    description: text,
    datasource: DATASOURCE,
    fieldConfig: object({ defaults: FIELDS, overrides: list({ type: 'object' }) }),
    gridPos: GRID,
    options,
    targets: list(TARGET),
  });

const ROW = object({
  id: { type: 'integer', minimum: 1 },
  type: { const: 'row' },
  title: text,
  collapsed: flag,
  gridPos: GRID,
  panels: { type: 'array', maxItems: 0 },
});

const VARIABLE = object(
  {
    name: text,
    label: text,
    type: words('datasource', 'query'),
    datasource: DATASOURCE,
    definition: text,
    query: { anyOf: [{ const: 'prometheus' }, object({ query: text, refId: text })] },
    hide: { enum: [0, 1, 2] },
    includeAll: flag,
    multi: flag,
    options: { type: 'array', maxItems: 0 },
    refresh: { enum: [0, 1, 2] },
    regex: text,
    sort: { type: 'integer', minimum: 0, maximum: 8 },
  },
  ['datasource', 'definition', 'sort'],
);

const DASHBOARD = object({
  annotations: object({ list: list({ type: 'object' }) }),
  description: text,
  editable: flag,
  graphTooltip: { enum: [0, 1, 2] },
  // Grafana gives a dashboard its id when it is imported; one in the file would collide.
  id: { type: 'null' },
  links: list({ type: 'object' }),
  panels: list({
    oneOf: [ROW, panelOf('stat', STAT_OPTIONS), panelOf('timeseries', TIMESERIES_OPTIONS)],
    type: 'object',
    discriminator: { propertyName: 'type' },
    required: ['type'],
  }),
  refresh: { type: 'string', pattern: '^\\d+[smh]$' },
  schemaVersion: { type: 'integer', minimum: 36, maximum: 41 },
  tags: list(text),
  templating: object({ list: list(VARIABLE) }),
  time: object({ from: { type: 'string', pattern: '^now-\\d+[mhd]$' }, to: words('now') }),
  timepicker: { type: 'object' },
  timezone: words('browser', 'utc', ''),
  title: text,
  // Longer ones are refused when it is imported.
  uid: { type: 'string', maxLength: 40, pattern: '^[a-zA-Z0-9_-]+$' },
  version: count,
});

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
    readonly fieldConfig?: {
      readonly defaults: { readonly thresholds?: { readonly steps: readonly { value: number | null }[] } };
    };
  }[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

const FILE = readFileSync('deploy/grafana-dashboard.json', 'utf8');

function flawsOf(file: string): string[] {
  const validate = new Ajv({ strict: false, discriminator: true }).compile(DASHBOARD);
  if (validate(JSON.parse(file))) return [];
  return validate.errors!.map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

describe("the dashboard, by Grafana's model", () => {
  const dashboard = JSON.parse(FILE) as Dashboard;

  it('has the fields that the model has, with values that it allows, and no others', () => {
    expect(flawsOf(FILE)).toEqual([]);
    expect(flawsOf(FILE.replace('"graphMode"', '"graphmode"'))).not.toEqual([]);
    expect(flawsOf(FILE.replace('"type": "timeseries"', '"type": "timeserie"'))).not.toEqual([]);
  });

  it('names its queries apart within a panel, and its thresholds in rising order, the first without a bound', () => {
    for (const { title, targets = [], fieldConfig } of dashboard.panels) {
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
      const steps = fieldConfig?.defaults.thresholds?.steps ?? [{ value: null }];
      const [first, ...others] = steps.map(({ value }) => value);
      expect(first, title).toBeNull();
      expect(others, title).toEqual(others.toSorted((a, b) => a! - b!));
    }
  });

  it('uses the variables that it defines, and those of Grafana', () => {
    const known = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval']);
    const used = [...FILE.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!);
    expect(new Set(used)).toEqual(known);
  });
});
