/** What a client says in `Accept` of one media type: a weight from 0 to 1; 0 where it does not take the type. */
interface Accepted {
  /** Such as `text/plain`, in lower case. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
}

/**
 * Whether the metrics are to be answered in OpenMetrics: if the client takes its version 1.0.0, and prefers nothing to
 * it. A client that says nothing gets the text format.
 */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  const accepted = (accept ?? '').split(',').map(acceptedOf);
  const weightOf = (fits: (one: Accepted) => boolean) =>
    Math.max(0, ...accepted.filter(fits).map(({ weight }) => weight));
  const openMetrics = weightOf(
    ({ type, parameters }) =>
      type === 'application/openmetrics-text' && (parameters.get('version') ?? '1.0.0') === '1.0.0',
  );
  const text = weightOf(({ type }) => type === 'text/plain' || type === 'text/*' || type === '*/*');
  return openMetrics > 0 && openMetrics >= text;
}

function acceptedOf(text: string): Accepted {
  const [type = '', ...words] = text.split(';').map((word) => word.trim());
  const pairs = words.map((word) => {
    const [name = '', value = ''] = word.split('=').map((part) => part.trim());
    return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1')] as const;
  });
  const parameters = new Map(pairs);
  const weight = Number(parameters.get('q') ?? '1');
  return { type: type.toLowerCase(), parameters, weight: weight >= 0 && weight <= 1 ? weight : 0 };
}
