import { expect, it } from 'vitest';
import { prefersOpenMetrics } from '../../../src/http/accept.ts';

it.each([
  // What Prometheus 2 and 3 send.
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  'application/openmetrics-text',
  'Application/OpenMetrics-Text; Version="1.0.0", */*;q=0.1',
])('%s asks for OpenMetrics', (accept) => {
  expect(prefersOpenMetrics(accept)).toBe(true);
});

it.each([
  undefined,
  '',
  '*/*',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  'application/openmetrics-text;version=0.0.1',
  'application/openmetrics-text;q=0, text/plain',
  'application/openmetrics-text;q=0.2, text/plain;q=0.9',
  'application/openmetrics-text;q=x',
  ';,=;;',
])('%s asks for the text format', (accept) => {
  expect(prefersOpenMetrics(accept)).toBe(false);
});
