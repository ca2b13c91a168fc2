import type { Mutant } from './mutant.ts';

const FILE = 'moves-among-followers.test.ts';

/** A test of one controller that follows. */
function following(name: string): { readonly file: string; readonly name: string } {
  return { file: FILE, name: `a controller that follows ${name}` };
}

/** Of clusters in which shards of controllers that do not vote move. */
export const MOVING_FOLLOWER_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'hands-over-and-reads',
    name: 'reads behind a barrier what other controllers may serve by now',
    edit: 'drop',
    test: following('reads nothing of what moves once it has handed it over'),
  },
  {
    anchor: 'reads-behind-the-barrier-of-an-earlier-run',
    name: 'reads behind a barrier what an earlier run has handed over',
    edit: 'drop',
    test: following('reads nothing of what moves if it was started again behind the barrier'),
  },
  {
    anchor: 'has-shards-untold',
    name: 'serves an ordered shard by a placement that may be an old one',
    edit: 'drop',
    test: following('answers nobody before it is told what is installed'),
  },
  {
    anchor: 'goes-on-without-followers',
    name: 'goes on with a move although a controller that has handed over was started again',
    edit: { value: '() => true' },
    test: following('is waited for in the run in which it has handed over'),
  },
  {
    anchor: 'tells-without-lease',
    name: 'tells what was installed before a view that it may have missed',
    edit: { test: 'view === null' },
    test: following('is told nothing by a controller that may have missed a change'),
  },
  {
    anchor: 'goes-back-when-told',
    name: 'goes by an older placement that it is told late',
    edit: 'drop',
    test: following('does not go back to what another one tells it late'),
  },
  {
    anchor: 'drops-peers-at-once',
    name: 'takes a peer for a passing one although the link that they share goes on',
    edit: { value: '[] as number[]' },
    test: following(
      'asks others with which it has exchanged records, once it has nothing in common with them',
    ),
  },
  {
    anchor: 'serves-sessions-unknown-to-some',
    name: 'has groups serve sessions that some controllers take for groups that have ended',
    edit: { value: 'false' },
    test: following('knows the groups of sessions before they serve, also without a shard'),
  },
  {
    anchor: 'majority-of-the-known',
    name: 'counts only those controllers of a shard that are known',
    edit: { value: 'configuration.controllers.filter(({ id }) => members.includes(id))' },
    test: {
      file: FILE,
      name: 'a majority of the controllers of a shard is one of all of them, known or not',
    },
  },
  {
    anchor: 'gives-shards-to-who-is-away',
    name: 'gives shards to a controller for which the move would wait for ever',
    edit: { value: 'serversOf(configuration)' },
    test: {
      file: 'growing-followers.test.ts',
      name: 'a cluster of which seven vote gives no shards to one that can not be reached',
    },
  },
  {
    anchor: 'joins-unheard',
    name: 'tells controllers that join neither who is heard nor what has come',
    edit: { value: '[]' },
    test: {
      file: 'growing-followers.test.ts',
      name: 'a cluster in which some controllers follow takes in one that votes',
    },
  },
];
