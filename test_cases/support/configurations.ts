import { type Configuration, configurationOf } from '../../src/placement/configuration.ts';

/** So many controllers, with the ids from 0 on. */
export function configurationOfSize(size: number): Configuration {
  return configurationOf(Array.from({ length: size }, (_, id) => ({ host: '127.0.0.1', port: 8_000 + id })));
}
