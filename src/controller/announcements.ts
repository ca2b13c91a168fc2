import type { GroupNumber } from '../base/number-kinds.ts';
import type { ViewPartTold } from '../membership/messages.ts';
import { type Configuration, idsEndOf } from '../placement/configuration.ts';
import type { Announced, Announcement } from '../replication/messages.ts';
import type { Groups } from './groups.ts';

/** What a controller says of a group behind a heartbeat. */
interface AnnouncedGroup {
  readonly group: GroupNumber;
  readonly message: Announced | ViewPartTold;
}

/**
 * What follows each heartbeat. A heartbeat itself announces the first group with entries, until there is a placement:
 * then two controllers may disagree for a moment about which one that is. It also tells the part in the views of the
 * root group; those of a further ordered group are told here.
 */
export function announcementsOf(groups: Groups, isPlaced: boolean): readonly AnnouncedGroup[] {
  const announced = isPlaced ? groups.all : groups.withEntries.slice(1);
  return [
    ...announced.map(({ number, announcement }): AnnouncedGroup => {
      // mutant: announces-another-group
      return { group: number, message: { type: 'announced', ...announcement } };
    }),
    ...groups.furtherViews.map(({ group, views }): AnnouncedGroup => {
      return { group, message: { type: 'view-part', ...views.part } };
    }),
  ];
}

/** What a heartbeat says in the place of a version vector, where each group is announced by a message. */
export function nothingKnown(configuration: Configuration): Pick<Announcement, 'known'> {
  return { known: new Array<number>(idsEndOf(configuration)).fill(0) };
}
