/** A cluster whose operations are counted: a row of the table for each of them. */
export interface Counted {
  readonly name: string;
  /** Settings by their names in config.ini. */
  readonly settings: Readonly<Record<string, string>>;
  /** Which member of the view the client is connected to: its place among them. */
  readonly place: number;
}

export const COUNTED: readonly Counted[] = [
  { name: 'linearizability', settings: { consistency: 'linearizability' }, place: 0 },
  {
    name: 'linearizability, chain',
    settings: { consistency: 'linearizability', scheme: 'chain' },
    // Neither the head, which has to ask nobody, nor the tail, which knows first what every member has.
    place: 1,
  },
  { name: 'eventual', settings: { consistency: 'eventual' }, place: 0 },
];
