/** A cluster whose operations are counted: a row of the table for each of them. */
export interface Counted {
  readonly name: string;
  /** Settings by their names in config.ini. */
  readonly settings: Readonly<Record<string, string>>;
  /** The id of the controller that the client is connected to. */
  readonly origin: number;
}

export const COUNTED: readonly Counted[] = [
  { name: 'linearizability', settings: { consistency: 'linearizability' }, origin: 0 },
  {
    name: 'linearizability, chain',
    settings: { consistency: 'linearizability', scheme: 'chain' },
    // Neither the head, which has to ask nobody, nor the tail, which knows first what every member has.
    origin: 1,
  },
  { name: 'eventual', settings: { consistency: 'eventual' }, origin: 0 },
];
