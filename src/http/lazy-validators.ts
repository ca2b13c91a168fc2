import { createRequire } from 'node:module';
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';

/** What checks one part of a request, as fastify calls it. */
interface Validate {
  (data: unknown): boolean;
  errors?: readonly object[] | null;
}

type Compile = (definition: { readonly schema: object }) => Validate;

/** A field that no schema names is an error: one that is misspelt must not be passed over in silence. */
const OPTIONS = { customOptions: { removeAdditional: false } };

/**
 * Has the schema of a route compiled for its first request, by the compiler that fastify takes by itself. To compile
 * those of all routes at once takes longer than all else that the HTTP side does before it answers.
 */
export function compileLazily(app: FastifyInstance): void {
  let compiler: Compile | null = null;
  const compile: Compile = (definition) => {
    compiler ??= createCompiler();
    return compiler(definition);
  };
  const lazily = (definition: { readonly schema: object }): Validate => {
    let compiled: Validate | null = null;
    const validate: Validate = (data) => {
      compiled ??= compile(definition);
      const isValid = compiled(data);
      validate.errors = compiled.errors ?? null;
      return isValid;
    };
    return validate;
  };
  app.setValidatorCompiler(lazily as FastifySchemaCompiler<object>);
}

function createCompiler(): Compile {
  const ofFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));
  const factory = ofFastify('@fastify/ajv-compiler')() as (schemas: object, options: object) => Compile;
  return factory({}, OPTIONS);
}
