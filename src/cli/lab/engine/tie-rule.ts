/** Which of two writes with equal accept times comes last, and so wins: the one of this id of the two servers. */
export type TieRule = 'lowest' | 'highest';

export const TIE_RULES: readonly TieRule[] = ['lowest', 'highest'];
