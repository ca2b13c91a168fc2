import { parseAddress } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';
import type { Status } from '../../controller/status/status.ts';
import { CliConnection, ConnectionLost } from '../client/cli-connection.ts';
import { statusOf } from '../client/cli-session.ts';
import { formatAddress, sameAddress } from '../settings/address.ts';

/** The answer of one controller that was asked for its status. */
export interface ControllerAnswer {
  readonly id: number;
  readonly address: string;
  /** Null when there was no usable answer; `reason` says why. */
  readonly status: Status | null;
  readonly reason: string;
}

/** How long a controller may take to report its status, in milliseconds. */
const ANSWER_WITHIN_MS = 2000;

/**
 * Asks all controllers at once. Their answers name their peers; peers that are not in the list are asked too.
 */
export async function askCluster(addresses: readonly Address[]): Promise<readonly ControllerAnswer[]> {
  const answers = await askAll(addresses.map((address, id) => ({ id, address })));
  const known = answers.find(({ status }) => status !== null)?.status;
  if (known === undefined || known === null) return answers;
  const peers = known.peers.flatMap((peer): Named[] => {
    const address = parseAddress(peer.address);
    return address === null ? [] : [{ id: peer.id, address }];
  });
  const isSame =
    peers.length === addresses.length &&
    peers.every(({ id, address }, place) => id === place && sameAddress(address, addresses[place]!));
  return isSame ? answers : askAll(peers);
}

interface Named {
  readonly id: number;
  readonly address: Address;
}

function askAll(named: readonly Named[]): Promise<readonly ControllerAnswer[]> {
  return Promise.all(named.map(askOne));
}

async function askOne({ id, address }: Named): Promise<ControllerAnswer> {
  const name = formatAddress(address);
  const without = (reason: string): ControllerAnswer => ({ id, address: name, status: null, reason });
  try {
    const connection = await CliConnection.dial(address);
    try {
      const reply = await connection.request(Buffer.from('show json\r\n'), 'lines', ANSWER_WITHIN_MS);
      const status = statusOf(reply);
      if (status !== null) return { id, address: name, status, reason: '' };
      return without(`no controller of memchorus: it answers "${firstLine(reply.parts[0])}"`);
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof ConnectionLost) return without(error.message.replace(`${name}: `, ''));
    throw error;
  }
}

const LINE_CHARS_SHOWN = 60;

function firstLine(part: Buffer | undefined): string {
  const line = part?.toString('latin1').split(/[\r\n]/)[0] ?? '';
  return line.replace(/[^\x20-\x7e]/g, '?').slice(0, LINE_CHARS_SHOWN);
}
