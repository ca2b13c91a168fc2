import { versionTimeOfMs } from '../../ordering/version.ts';
import type { SchemePorts } from '../scheme-ports.ts';

/**
 * Carries out an announced flush whose moment has come. Each replica does that by itself, and all end the same writes:
 * those with a version below that moment.
 */
export function carryOutDueFlush({ replica, controller }: Pick<SchemePorts, 'replica' | 'controller'>): void {
  const { node, time } = controller;
  const armed = replica.journal.announcedFlush;
  const { agreedMs } = time;
  // mutant: flushes-too-early
  if (armed === null || agreedMs === null || armed.atMs > agreedMs) return;
  const version = { time: versionTimeOfMs(armed.atMs), node };
  replica.journal.record({ kind: 'flush-due', version, atMs: armed.atMs });
}
