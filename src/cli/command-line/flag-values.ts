import { parseAddress, parsePort } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';
import { UsageError } from '../failure.ts';
import { dashed } from './flag-notation.ts';

/** The flags that were given, by chief name. */
export type GivenFlags = ReadonlyMap<string, string>;

/** @throws UsageError */
export function numberOf(given: GivenFlags, flag: string, min: number, max: number): number | null {
  const text = given.get(flag);
  return text === undefined ? null : wholeNumber(text, dashed(flag), min, max);
}

/** @param max in seconds @throws UsageError */
export function millisecondsOf(given: GivenFlags, flag: string, max: number): number | null {
  const text = given.get(flag);
  if (text === undefined) return null;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= max) return Math.round(seconds * 1000);
  throw new UsageError('COMMAND_LINE', `${dashed(flag)} is "${text}": give seconds from 0 to ${max}`);
}

/** @throws UsageError */
export function wholeNumber(text: string, origin: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError('COMMAND_LINE', `${origin} is "${text}": give a whole number from ${min} to ${max}`);
}

/** @returns none where the flag is not given @throws UsageError */
export function addressesOf(given: GivenFlags, flag: string): readonly Address[] {
  const text = given.get(flag);
  if (text === undefined) return [];
  return text.split(',').map((one) => {
    const address = parseAddress(one);
    if (address !== null) return address;
    throw new UsageError('COMMAND_LINE', `${dashed(flag)} has "${one}": give host:port,host:port,…`);
  });
}

/** `3=host:port,4=host:port`. @returns none where the flag is not given @throws UsageError */
export function addressesByIdOf(given: GivenFlags, flag: string): ReadonlyMap<number, Address> {
  const text = given.get(flag) ?? '';
  const found = new Map<number, Address>();
  for (const one of text === '' ? [] : text.split(',')) {
    const [, id, place] = /^(\d{1,4})=(.*)$/.exec(one) ?? [];
    const address = parseAddress(place ?? '');
    if (id === undefined || address === null)
      throw new UsageError('COMMAND_LINE', `${dashed(flag)} has "${one}": give 3=host:port,4=host:port,…`);
    found.set(Number(id), address);
  }
  return found;
}

/** @throws UsageError */
export function portOf(given: GivenFlags, flag: string): number | null {
  const text = given.get(flag);
  if (text === undefined) return null;
  const port = parsePort(text);
  if (port !== null) return port;
  throw new UsageError('COMMAND_LINE', `${dashed(flag)} is "${text}": give a port from 1 to 65535`);
}
