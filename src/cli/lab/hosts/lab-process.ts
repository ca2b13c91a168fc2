import { reasonOf } from '../../failure.ts';
import { LabClient } from '../participants/lab-client.ts';
import { LabServer } from '../participants/lab-server.ts';
import type { ProcessAnswer, ProcessOrder, ProcessOrders } from './process-messages.ts';
import { TcpRoom } from './tcp-room.ts';

type Member = Partial<Omit<ProcessOrders, 'becomeServer' | 'becomeClient'>>;

/**
 * One server or client of a lab, in a process of its own. It is nobody until it is told who to be, so that it can be
 * started ahead. It ends with the channel to the driver, whatever ends that.
 */
class LabProcess {
  #member: Member = {};

  readonly #orders: Pick<ProcessOrders, 'becomeServer' | 'becomeClient'> = {
    becomeServer: async (spec) => {
      const server = new LabServer(spec, new TcpRoom());
      this.#member = server;
      return server.listen();
    },
    becomeClient: async (spec) => {
      this.#member = new LabClient(spec, new TcpRoom());
    },
  };

  async answer({ number, name, words }: ProcessOrder): Promise<ProcessAnswer> {
    try {
      return { number, result: await this.#carryOut(name, words) };
    } catch (error) {
      return { number, failure: reasonOf(error) };
    }
  }

  #carryOut(name: ProcessOrder['name'], words: readonly unknown[]): Promise<unknown> {
    const doer: Partial<ProcessOrders> = name in this.#orders ? this.#orders : this.#member;
    const order = doer[name] as ((...words: readonly unknown[]) => Promise<unknown>) | undefined;
    if (order === undefined) throw new Error(`this process cannot ${name}`);
    return order.apply(doer, words as unknown[]);
  }
}

if (process.send !== undefined) {
  const lab = new LabProcess();
  process.on('message', (order: ProcessOrder) => {
    void lab.answer(order).then((answer) => {
      if (process.connected) process.send!(answer);
    });
  });
  process.on('disconnect', () => process.exit(0));
}
