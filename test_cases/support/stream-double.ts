import type { ClientStream, LocalOperation } from '../../src/consistency/client-stream.ts';
import { POLICIES } from '../../src/consistency/policies.ts';
import type { ControllerRouter } from '../../src/controller/groups.ts';
import type { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { Router } from '../../src/placement/router.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Group } from '../../src/replication/group.ts';

/** A client of a stream whose states the test sets. It takes what is sent only when it is told to. */
export class StreamDouble implements ClientStream, LocalOperation {
  state: ClientStream['state'] = 'open';
  isNext = true;
  /** Everything that was sent. */
  sent = '';
  reply: Reply | null = null;
  #takenBytes = 0;

  get untakenBytes(): number {
    return this.sent.length - this.#takenBytes;
  }

  /** The lines that were sent, without their ends. */
  get lines(): string[] {
    return this.sent.split(/\r?\n/).slice(0, -1);
  }

  openStream(): ClientStream {
    return this;
  }

  readonly send = (text: string): void => {
    this.sent += text;
  };

  readonly answer = (reply: Reply): void => {
    this.reply = reply;
  };

  takeAll(): void {
    this.#takenBytes = this.sent.length;
  }
}

/** A router of two keyspaces, `default` and `pages` (`page:`), whose entries are in one journal. */
export function routerTo(journal: MemoryJournal): ControllerRouter {
  const group = { replica: { journal } } as unknown as Group;
  const of = (name: string, prefix: string) => {
    return {
      name,
      prefix,
      level: 'eventual',
      policy: POLICIES.eventual,
      group,
      hold: 'nothing',
      elsewhere: null,
      shards: null,
    } as const;
  };
  return new Router([of('default', ''), of('pages', 'page:')]);
}
