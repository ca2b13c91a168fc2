import type { TieRule } from '../engine/tie-rule.ts';
import type { Participant } from '../participants/frames.ts';
import { LabClient } from '../participants/lab-client.ts';
import { LabServer } from '../participants/lab-server.ts';
import type { ClientHandle, LabHost, ServerHandle } from './lab-host.ts';
import { VirtualRoom } from './virtual-room.ts';
import { VirtualTime } from './virtual-time.ts';

/** All servers and clients in this process, on virtual time. */
export class VirtualHost implements LabHost {
  readonly #time = new VirtualTime();
  readonly #room = new VirtualRoom(this.#time);
  readonly #running = new Set<{ kill(): Promise<void> }>();

  async startServer(self: Participant, tie: TieRule): Promise<ServerHandle> {
    const server = new LabServer({ self, tie, token: '' }, this.#room);
    const port = await server.listen();
    this.#running.add(server);
    const time = this.#time;
    return {
      port,
      link: (to) => time.until(server.link(to)),
      unlink: (other) => time.until(server.unlink(other)),
      exchange: (lives) => time.until(server.exchange(lives)),
      showServer: () => time.until(server.showServer()),
      takeTrace: () => server.takeTrace(),
      kill: () => this.#kill(server),
    };
  }

  async startClient(self: Participant): Promise<ClientHandle> {
    const client = new LabClient({ self, token: '' }, this.#room);
    this.#running.add(client);
    const time = this.#time;
    return {
      link: (to) => time.until(client.link(to)),
      unlink: (other) => time.until(client.unlink(other)),
      put: (life, key, value) => time.until(client.put(life, key, value)),
      get: (life, key) => time.until(client.get(life, key)),
      setLevel: (level) => client.setLevel(level),
      setGuarantee: (guarantee, isOn) => client.setGuarantee(guarantee, isOn),
      showSession: () => client.showSession(),
      takeTrace: () => client.takeTrace(),
      kill: () => this.#kill(client),
    };
  }

  pass(ms: number): Promise<void> {
    return this.#time.pass(ms);
  }

  takeDead(): readonly Participant[] {
    return [];
  }

  async close(): Promise<void> {
    for (const one of [...this.#running]) await this.#kill(one);
  }

  async #kill(one: { kill(): Promise<void> }): Promise<void> {
    this.#running.delete(one);
    await this.#time.until(one.kill());
  }
}
