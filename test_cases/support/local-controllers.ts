import type { LogFields } from '../../src/base/log.ts';
import { resolveConfiguration, settingsOf } from '../../src/cli/settings/configuration.ts';
import type { SettingKey } from '../../src/cli/settings/setting-table.ts';
import { type Controller, startController } from '../../src/controller/controller.ts';
import type { Logger } from '../../src/controller/log/logger.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-port.ts';

/** Settings of a test in the notation of the configuration file. */
export type TestSettings = Partial<Record<SettingKey, string>>;

/** Controllers in the process of the test, with embedded stores, on sockets of loopback. */
export class LocalControllers {
  readonly ports: readonly number[];
  readonly logged: string[] = [];
  readonly #controllers: (Controller | null)[];
  readonly #settings: TestSettings;

  private constructor(ports: readonly number[], settings: TestSettings) {
    this.ports = ports;
    this.#settings = settings;
    this.#controllers = ports.map(() => null);
  }

  /** Resolves once all serve reads and writes. */
  static async start(count: number, settings: TestSettings = {}): Promise<LocalControllers> {
    const all = new LocalControllers(await freePorts(count), settings);
    for (const id of all.ports.keys()) await all.startOne(id);
    await eventually(() => all.#controllers.every((one) => one!.status().ready));
    return all;
  }

  get port(): number {
    return this.ports[0]!;
  }

  controller(id = 0): Controller {
    return this.#controllers[id]!;
  }

  async startOne(id: number): Promise<void> {
    const chosen: TestSettings = {
      peers: this.ports.map((port) => `127.0.0.1:${port}`).join(','),
      store: 'custom',
      data_dir: '-',
      log_file: '-',
      // No verdict may depend on how fast the machine is.
      request_timeout: '60',
      threshold: '100',
      lease_time: '5',
      ...this.#settings,
    };
    const rows = Object.entries(chosen).map(
      ([key, text]) => [key as SettingKey, { text, origin: key }] as const,
    );
    const override = { host: null, port: null };
    const settings = settingsOf(resolveConfiguration([new Map(rows)]), id, override, '.');
    this.#controllers[id] = await startController(settings, null, this.#log());
  }

  async stopOne(id: number): Promise<void> {
    await this.#controllers[id]?.close();
    this.#controllers[id] = null;
  }

  async stop(): Promise<void> {
    await Promise.all(this.ports.map((_, id) => this.stopOne(id)));
  }

  #log(): Logger {
    const note = (message: string, fields?: LogFields) => {
      this.logged.push(fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
    };
    return { error: note, warn: note, info: note, debug: () => {} };
  }
}
