import { HoldingTransport } from '../../../src/transport/holding-transport.ts';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import { MemoryTransport } from '../../support/memory-transport.ts';
import { describeTransport } from '../../support/transport-acceptance.ts';

describeTransport('node:net', NODE_TRANSPORT);
describeTransport('node:net, able to hold', new HoldingTransport(NODE_TRANSPORT));
describeTransport('within a process', new MemoryTransport());
