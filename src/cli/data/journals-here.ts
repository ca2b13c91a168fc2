import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { journalKindsOf, shardJournalsOf } from '../../controller/journal-kinds.ts';
import { ownerOf, type Settings } from '../../controller/settings.ts';
import { rememberedWithShards } from '../../controller/storage.ts';
import { directoryOf, JOURNAL_KINDS, type JournalKind, type Owner } from '../../journal/data-directory.ts';
import { NODE_DISK } from '../../journal/disk.ts';
import { GroupDirectories } from '../../journal/group-directories.ts';

/** A journal of a controller. */
export interface JournalHere {
  readonly settings: Settings;
  readonly owner: Owner;
  /** The directory that the journal's own directory is in: the data directory, or a part of it. */
  readonly dataDir: string;
  /** A keyspace needs it as the keyspaces are configured. */
  readonly isConfigured: boolean;
}

/** The journals that the controller has, or is going to have when it is started. */
export async function journalsOf(settings: Settings): Promise<readonly JournalHere[]> {
  const { dataDir, self } = settings;
  const directories = new GroupDirectories(NODE_DISK, dataDir, self);
  const journals: JournalHere[] = [];
  for (const [place, kind] of journalKindsOf(settings).entries()) {
    const own = await directories.journalOf(kind, place === 0);
    journals.push({ settings, owner: ownerOf(settings, kind), dataDir: own, isConfigured: true });
  }
  for (const { kind, dataDir: own } of await furtherJournals(settings, directories))
    journals.push({ settings, owner: ownerOf(settings, kind), dataDir: own, isConfigured: false });
  for (const { kind, path } of shardJournalsOf(settings, await rememberedWithShards(settings)))
    journals.push({
      settings,
      owner: ownerOf(settings, kind),
      dataDir: join(dataDir, path),
      isConfigured: true,
    });
  return journals;
}

/** Those of them that are there; the first one where none is. */
export async function existingJournalsOf(settings: Settings): Promise<readonly JournalHere[]> {
  const all = await journalsOf(settings);
  const existing = all.filter(({ dataDir }) => existsSync(directoryOf(dataDir, settings.self)));
  return existing.length > 0 ? existing : all.slice(0, 1);
}

/**
 * The journals that no keyspace needs as it is configured. A keyspace that was given another kind of level while the
 * cluster ran has its entries in one of them.
 */
export async function furtherJournals(
  settings: Settings,
  directories: GroupDirectories,
): Promise<readonly { readonly kind: JournalKind; readonly dataDir: string }[]> {
  const configured = journalKindsOf(settings);
  const found: { kind: JournalKind; dataDir: string }[] = [];
  for (const kind of JOURNAL_KINDS) {
    const dataDir = configured.includes(kind) ? null : await directories.existingJournalOf(kind);
    if (dataDir !== null) found.push({ kind, dataDir });
  }
  return found;
}
