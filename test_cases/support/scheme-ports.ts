import { evaluatorOf } from '../../src/consistency/decide.ts';
import { NOTHING_RECOVERED } from '../../src/journal/recovered-state.ts';
import { ClusterClock } from '../../src/membership/cluster-clock.ts';
import { OPEN } from '../../src/membership/gate.ts';
import { Peers } from '../../src/membership/peers.ts';
import { MemoryViewLog } from '../../src/membership/view-record.ts';
import { HybridClock } from '../../src/ordering/hybrid-clock.ts';
import { VersionVector } from '../../src/ordering/version-vector.ts';
import { idsEndOf } from '../../src/placement/configuration.ts';
import type { Replica } from '../../src/replication/replica.ts';
import { ReplicaReads } from '../../src/replication/replica-reads.ts';
import type { ControllerPorts, SchemePorts } from '../../src/replication/scheme-ports.ts';
import type { EntryStore } from '../../src/store/entry-store.ts';
import { configurationOfSize } from './configurations.ts';
import { clockAt, NO_LOG } from './ports.ts';
import { wideWindows } from './reading.ts';

const clock = clockAt(() => 0);

/** The ports of controller 0 in a cluster of three, which hears nothing from its peers. */
function controllerPorts(): ControllerPorts {
  const configuration = () => configurationOfSize(3);
  const peers = new Peers({
    ids: [],
    heartbeatMs: 100,
    threshold: 3,
    clock,
    tickMs: 20,
    isLinked: () => false,
    nameOf: String,
  });
  const time = new ClusterClock({
    node: 0,
    configuration,
    clock,
    knownMs: 0,
    heard: () => [],
    maxSkewMs: 1_000,
    graceMs: 0,
  });
  return {
    node: 0,
    configuration,
    originsEnd: () => idsEndOf(configuration()),
    configured: configuration(),
    incarnation: 1,
    clock,
    random: () => 0.5,
    time,
    versions: new HybridClock(0, () => 1),
    peers,
    isAbsent: () => false,
    incarnationOf: () => null,
    takesDifferences: () => true,
    placementGate: () => OPEN,
    votingGate: () => OPEN,
    votersGate: () => OPEN,
    hasEnded: () => false,
    hasMovedShards: () => false,
    retiredMs: () => null,
    isMember: () => true,
    onPlacement: () => {},
    refuse: () => {},
    requestFlush: () => {},
    onChange: () => {},
    announce: () => {},
    isDrained: () => false,
    startEmpty: () => {},
  };
}

/** The ports of a scheme in a test of one controller. */
export function schemePortsOf(
  replica: Replica,
  store: EntryStore,
  traits: Partial<SchemePorts>,
): SchemePorts {
  const finder = { find: () => {} };
  return {
    group: 1,
    members: null,
    controller: controllerPorts(),
    knownBy: () => VersionVector.zero(3),
    settings: {
      hasEntries: true,
      durability: 'none',
      mayForm: false,
      leaseMs: 1_000,
      suspectAfterMs: 300,
      startGraceMs: 0,
      queueBytesMax: 1_000_000,
      tombstoneHorizonMs: 60_000,
    },
    bus: { send: () => {}, sendToAll: () => {}, sendTo: () => {}, isUp: () => false },
    replica,
    reads: new ReplicaReads({
      replica,
      store,
      windows: wideWindows(),
      finder,
      timeMs: () => 1,
      isTimed: () => true,
      onIssue: null,
    }),
    evaluator: evaluatorOf(() => 1, 1_048_576),
    vector: VersionVector.zero(3),
    recordedKnown: () => [0, 0, 0],
    recovered: NOTHING_RECOVERED,
    viewLog: new MemoryViewLog(),
    log: NO_LOG,
    ...traits,
  };
}
