/** The function, with its last outcome kept: it is called again only for another argument. */
export function lastOf<Argument extends object, Outcome>(
  make: (argument: Argument) => Outcome,
): (argument: Argument) => Outcome {
  let last: { readonly argument: Argument; readonly outcome: Outcome } | null = null;
  return (argument) => {
    if (last?.argument !== argument) last = { argument, outcome: make(argument) };
    return last.outcome;
  };
}
