import { alignColumns } from '../../base/text-table.ts';
import {
  addressTextOf,
  configurationEpoch,
  idsOf,
  isChanging,
  isJoining,
  isVoter,
  majorityOf,
} from '../../placement/configuration.ts';
import type { ControllerParts } from '../controller-parts.ts';
import type { MembersStatus } from './status.ts';
import { type RoleParts, roleOf } from './status-report.ts';

/** What `member json` prints now. */
export function membersOf({
  core,
  mesh,
  settings,
}: RoleParts & Pick<ControllerParts, 'settings'>): MembersStatus {
  const { views } = core.groups;
  const { configuration } = views;
  return {
    epoch: configurationEpoch(configuration),
    changing: views.isReconfiguring || isChanging(configuration),
    controllers: idsOf(configuration).map((id) => {
      const isSelf = id === settings.self;
      return {
        id,
        address: addressTextOf(configuration, id),
        votes: isVoter(configuration, id),
        up: isSelf || core.passing.isUp(id),
        role: isJoining(configuration, id) ? 'joining' : isSelf ? core.roles.own : roleOf({ core, mesh }, id),
      };
    }),
    agreed: views.installation === null || configuration.epoch === undefined ? null : configuration,
  };
}

const COLUMNS = ['ID', 'ADDRESS', 'VOTES', 'UP', 'ROLE'] as const;

/** Renders the answer to `member json` as a human-readable table. */
export function renderMembers({ epoch, changing, controllers }: MembersStatus): string {
  const rows = controllers.map(({ id, address, votes, up, role }) => [
    `${id}`,
    address,
    votes ? 'yes' : 'no',
    up === null ? 'unknown' : up ? 'yes' : 'no',
    role,
  ]);
  const voting = controllers.filter(({ votes }) => votes).length;
  const majority = `${voting} of ${controllers.length} vote; a majority is ${majorityOf(voting)}`;
  const since = epoch === 0 ? 'as configured' : `epoch ${epoch}: changed while the cluster ran`;
  const under = changing ? ['a change is under way'] : [];
  return [...alignColumns([COLUMNS, ...rows]), '', majority, since, ...under].join('\n');
}
