/** The dialects whose nodes were told everything by variables in the earlier systems. */
export type DialectByVariables = 'sharded' | 'view-change';

/** The variables by which one is known. */
export type DialectVariables = Readonly<
  Partial<Record<'SOCKET_ADDRESS' | 'ADDRESS' | 'FORWARDING_ADDRESS', string>>
>;

/**
 * The dialect that the environment asks for, where the command line says nothing: scripts of the earlier systems say
 * nothing else.
 */
export function dialectOfEnvironment(environment: DialectVariables): DialectByVariables | null {
  if (isGiven(environment.SOCKET_ADDRESS)) return 'sharded';
  // Empty, it says that the node is the main instance.
  const isForward = environment.FORWARDING_ADDRESS !== undefined;
  return isForward || isGiven(environment.ADDRESS) ? 'view-change' : null;
}

function isGiven(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}
