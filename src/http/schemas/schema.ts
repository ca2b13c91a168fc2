/** Short forms for JSON schemas, as the routes describe what they take and answer. */

export type Schema = Readonly<Record<string, unknown>>;

export const TEXT: Schema = { type: 'string' };
export const YES_OR_NO: Schema = { type: 'boolean' };
/** A whole number that is not negative. */
export const COUNT: Schema = { type: 'integer', minimum: 0 };
export const INTEGER: Schema = { type: 'integer' };
export const NUMBER: Schema = { type: 'number' };

/** The same schema, with words for people. */
export function described(description: string, schema: Schema): Schema {
  return { ...schema, description };
}

export function oneOf(...words: readonly string[]): Schema {
  return { type: 'string', enum: words };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** The schema, or null. */
export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] };
}

/** An object with these fields and no others. @param optional names of those that may be absent */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}
