/** A connection between two participants of a lab: frames arrive whole and in order, until it is closed. */
export interface Wire {
  send(frame: Buffer): void;
  /** The other end learns of it; frames on their way may be lost. */
  close(): void;
}

export interface WireHandlers {
  onFrame(frame: Buffer): void;
  /** The last event, whichever end has closed. */
  onClosed(): void;
}

/** How the participants of a lab reach each other: over TCP, or within one process on virtual time. */
export interface WireRoom {
  /** Accepts connections from now on. @returns the port to dial */
  listen(onWire: (wire: Wire) => WireHandlers): Promise<number>;

  /** @throws when nothing listens there */
  dial(port: number, handlers: WireHandlers): Promise<Wire>;

  /** Milliseconds of the lab's time, by which the trace is ordered. */
  nowMs(): number;
}
