import { type Configuration, idsOf, votersOf } from '../../src/placement/configuration.ts';
import { withVoters } from '../../src/placement/member-changes.ts';
import type { Random } from './random.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import { NotLive } from './violation.ts';

/** A controller is asked to have some controllers vote, and others not. */
export interface MemberStep {
  /** Virtual milliseconds after the clients have started. */
  readonly atMs: number;
  readonly node: number;
  readonly come: readonly number[];
  readonly go: readonly number[];
}

/** Draws changes, some of them asked of two controllers at the same time. */
export function drawMemberSteps(random: Random, untilMs: number, nodes: number): MemberStep[] {
  const count = 2 + random.below(8);
  const some = (most: number) => Array.from({ length: random.below(most + 1) }, () => random.below(nodes));
  const drawn = Array.from({ length: count }, () => {
    return { atMs: random.between(0, untilMs), node: random.below(nodes), come: some(3), go: some(3) };
  });
  const doubled = drawn.flatMap((step) =>
    random.chance(0.2) ? [step, { ...step, node: random.below(nodes), come: some(2), go: some(2) }] : [step],
  );
  return doubled.sort((a, b) => a.atMs - b.atMs);
}

/** A step that is not carried out within this time is given up by the controller, in virtual milliseconds. */
const GIVEN_UP_AFTER_MS = 1_000;

/** How often the views are looked at, in virtual milliseconds. */
const LOOK_EVERY_MS = 5;

/** Carries out the steps, and looks whether two configurations are installed with one epoch. */
export class MemberSteps {
  readonly #cluster: SimCluster;
  /** When the last step is taken, in virtual milliseconds after the clients have started. */
  readonly lastMs: number;
  readonly #isIdle: boolean;
  /** Configurations that were seen installed, by their epochs. */
  readonly #installed = new Map<number, string>();
  /** Two configurations of one epoch, in words; null when there were none. */
  violation: string | null = null;

  constructor(cluster: SimCluster, steps: readonly MemberStep[]) {
    this.#cluster = cluster;
    this.lastMs = Math.max(0, ...steps.map(({ atMs }) => atMs));
    this.#isIdle = steps.length === 0;
    if (!this.#isIdle) this.#look();
    for (const step of steps) cluster.scheduler.after(step.atMs, () => this.#take(step));
  }

  /** Has all controllers vote again, as at the start. To be called after all faults were healed. */
  async untilAllVote(withinMs: number): Promise<void> {
    if (this.#isIdle) return;
    const { scheduler } = this.#cluster;
    const untilMs = scheduler.nowMs + withinMs;
    while (!this.#haveAllVote()) {
      if (scheduler.nowMs > untilMs) throw new NotLive('the controllers did not all become voters again');
      await this.#cluster.run(20);
    }
  }

  #haveAllVote(): boolean {
    const { nodes } = this.#cluster;
    const isWhole = (node: SimNode) => viewOf(node)?.members.length === nodes.length && isAtRest(node);
    if (nodes.every(isWhole)) return true;
    const serving = nodes.find((node) => viewOf(node) !== null);
    if (serving === undefined) return false;
    const { configuration } = serving.core!.groups.views;
    const outside = idsOf(configuration).filter((id) => !votersOf(configuration).includes(id));
    if (outside.length > 0) this.#ask(serving, outside, []);
    return false;
  }

  #look(): void {
    this.#cluster.scheduler.after(LOOK_EVERY_MS, () => this.#look());
    for (const node of this.#cluster.nodes) {
      const configuration = viewOf(node)?.configuration ?? null;
      if (configuration === null) continue;
      const text = JSON.stringify(configuration);
      const before = this.#installed.get(configuration.epoch!);
      this.#installed.set(configuration.epoch!, text);
      if (before !== undefined && before !== text) this.violation = `${before} and ${text} are installed`;
    }
  }

  #take({ node, come, go }: MemberStep): void {
    this.#ask(this.#cluster.nodes[node]!, come, go);
  }

  #ask(node: SimNode, come: readonly number[], go: readonly number[]): void {
    const view = viewOf(node);
    if (view === null) return;
    const { views } = node.core!.groups;
    if (views.isReconfiguring) return;
    const to = nextOf(views.configuration, come, go);
    if (to === null) return;
    views.reconfigure({
      from: view.configuration,
      to,
      reason: `${come} come and ${go} go`,
      deadlineMs: node.clock.nowMs() + GIVEN_UP_AFTER_MS,
      isFor: (members) =>
        votersOf(to).every((id) => !come.includes(id) || members.some((one) => one.node === id)),
      done: () => {},
    });
  }
}

function viewOf({ core, paused }: SimNode) {
  return paused ? null : (core?.groups.views.view ?? null);
}

function isAtRest({ core }: SimNode): boolean {
  const { isReconfiguring, configuration } = core!.groups.views;
  return !isReconfiguring && configuration.before === undefined;
}

function nextOf(
  configuration: Configuration,
  come: readonly number[],
  go: readonly number[],
): Configuration | null {
  const voters = votersOf(configuration);
  const coming = come.filter((id) => !voters.includes(id));
  const going = go.filter((id) => voters.includes(id) && !come.includes(id));
  if (coming.length + going.length === 0) return null;
  const next = withVoters(configuration, coming, going);
  return typeof next === 'string' ? null : next;
}
