/** A write as a client gives it to a server: the engine stores it as the value of its key. */
export interface LabWrite {
  readonly client: number;
  /** Which life of the client id has made it. */
  readonly clientLife: number;
  /** How many writes this client had made before. */
  readonly clientTime: number;
  /** A latin-1 string: its bytes are those of the script. */
  readonly value: string;
}

/** A write with its place in the order of all writes. */
export interface LoggedWrite extends LabWrite {
  readonly key: string;
  /** The life of the server that took it. */
  readonly life: number;
  readonly acceptTime: number;
}

export function encodeWrite({ client, clientLife, clientTime, value }: LabWrite): Buffer {
  return Buffer.from(JSON.stringify([client, clientLife, clientTime, value]), 'utf8');
}

/** @param bytes what `encodeWrite` has made, here or on another server of the same lab */
export function decodeWrite(bytes: Buffer): LabWrite {
  const [client, clientLife, clientTime, value] = JSON.parse(bytes.toString('utf8'));
  return { client, clientLife, clientTime, value };
}
