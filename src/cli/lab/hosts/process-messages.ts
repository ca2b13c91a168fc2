import type { ClientOrders, ClientSpec } from '../participants/lab-client.ts';
import type { ServerOrders, ServerSpec } from '../participants/lab-server.ts';

/** What the process of a participant can be asked for, with what it answers. */
export type ProcessOrders = ServerOrders &
  ClientOrders & {
    /** Makes the process a server. @returns the port */
    becomeServer(spec: ServerSpec): Promise<number>;
    becomeClient(spec: ClientSpec): Promise<void>;
  };

export type OrderName = keyof ProcessOrders;

/** An order, with a number by which its answer is known. */
export interface ProcessOrder {
  readonly number: number;
  readonly name: OrderName;
  readonly words: readonly unknown[];
}

export type ProcessAnswer =
  | { readonly number: number; readonly result: unknown }
  | { readonly number: number; readonly failure: string };
