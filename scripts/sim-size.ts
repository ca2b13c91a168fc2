import { parseArgs } from 'node:util';
import { type ClusterCost, measureCluster } from '../test_cases/sim/cluster-size.ts';

const USAGE = `node --expose-gc scripts/sim-size.ts [--sizes 3,30,100] [--span 1000] [--types]
What clusters of these sizes send and keep while they are idle, and what an operation adds: counted in the simulator.
  --sizes N,…  numbers of controllers
  --span MS    virtual milliseconds that are counted
  --types      which messages make the bytes of an idle cluster`;

/** Messages that make so little are not listed. */
const TYPES_MAX = 8;

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '3,30,100' },
    span: { type: 'string', default: '1000' },
    types: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(USAGE);
else await main(options.sizes.split(',').map(Number), Number(options.span));

async function main(sizes: readonly number[], spanMs: number): Promise<void> {
  console.log(
    '| controllers | shards | links | links in use | idle messages/s | idle bytes/s | messages/operation | bytes/operation | KiB |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const size of sizes) {
    const cost = await measureCluster(size, spanMs);
    console.log(rowOf(cost));
    if (options.types)
      for (const [type, bytes] of cost.idleByType.slice(0, TYPES_MAX))
        console.log(`    ${type}: ${Math.round(bytes)} bytes/s`);
  }
}

function rowOf({ controllers, shards, links, linksAfter, idle, operation, heapKiB }: ClusterCost): string {
  const cells = [
    controllers,
    shards,
    links.toFixed(1),
    linksAfter.toFixed(1),
    Math.round(idle.messages),
    Math.round(idle.bytes),
    operation.messages.toFixed(1),
    Math.round(operation.bytes),
    Math.round(heapKiB),
  ];
  return `| ${cells.join(' | ')} |`;
}
