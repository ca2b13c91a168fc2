/** One event as the text of a stream has it. */
export interface SentEvent {
  readonly id: string | null;
  readonly type: string | null;
  readonly data: Record<string, unknown>;
}

/** Reads server-sent events one by one, as a browser's `EventSource` does, but for coming back by itself. */
export class TestEventSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #abort: AbortController;
  #rest = '';
  #events: SentEvent[] = [];

  private constructor(response: Response, abort: AbortController) {
    this.#reader = response.body!.getReader();
    this.#abort = abort;
  }

  static async open(url: string, lastEventId: string | null = null): Promise<TestEventSource> {
    const abort = new AbortController();
    const headers: Record<string, string> = lastEventId === null ? {} : { 'last-event-id': lastEventId };
    const response = await fetch(url, { headers, signal: abort.signal });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return new TestEventSource(response, abort);
  }

  /** The next event; null once the stream has ended. */
  async next(): Promise<SentEvent | null> {
    while (this.#events.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      const texts = (this.#rest + Buffer.from(value).toString()).split('\n\n');
      this.#rest = texts.pop()!;
      this.#events = texts.filter((text) => /^data:/m.test(text)).map(eventOf);
    }
    return this.#events.shift()!;
  }

  /** The next event for which the condition holds. */
  async until(isMeant: (event: SentEvent) => boolean): Promise<SentEvent> {
    for (;;) {
      const event = await this.next();
      if (event === null) throw new Error('the stream has ended');
      if (isMeant(event)) return event;
    }
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
    this.#reader.closed.catch(() => {});
  }
}

function eventOf(text: string): SentEvent {
  const field = (name: string): string | null => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? null;
  return { id: field('id'), type: field('event'), data: JSON.parse(field('data')!) };
}
