import { type Event, type History, sameAnswer, step, type Value } from './history.ts';

/** `undecided`: the search was given up, after `STATES_MAX` states. */
export type Verdict = 'linearizable' | 'violated' | 'undecided';

/** The bound on the states that the search of one key may try. */
const STATES_MAX = 200_000;

/**
 * Linearizability: there is one order of all operations in which every answer is right, and which respects real time
 * (an operation that returned before another was invoked comes first). A store is linearizable if each of its keys is
 * (Herlihy and Wing 1990). So keys are checked one by one, by Wing and Gong's search with Lowe's memory of the states
 * already tried.
 *
 * @returns per key, in the order of their first appearance
 */
export function checkLinearizability(history: History): Map<string, Verdict> {
  const keys = new Set(history.map((event) => event.key).filter((key) => key !== ''));
  const ofKey = (key: string) =>
    history.filter((event) => event.key === key || event.action.kind === 'flush');
  return new Map([...keys].map((key) => [key, search(ofKey(key), STATES_MAX)]));
}

/** @returns a key whose history has no such order; null when there is none */
export function findNonLinearizableKey(history: History): string | null {
  for (const [key, verdict] of checkLinearizability(history)) if (verdict !== 'linearizable') return key;
  return null;
}

/** The call or the return of an operation, in a doubly linked list in the order of time. */
interface Place {
  readonly event: Event;
  readonly index: number;
  readonly at: number;
  /** The return of a call; null for a return. */
  readonly end: Place | null;
  previous: Place | null;
  next: Place | null;
}

/** An operation that was taken into the order. */
interface Taken {
  readonly index: number;
  /** The value before it. */
  readonly before: Value;
  /** The call in the list; null when the outcome is unknown. */
  readonly call: Place | null;
  /** Where the search stood. */
  readonly place: Place;
  readonly guess: number;
}

/**
 * Walks over the calls that may come next, which are those before the first return of an operation that is not in the
 * order yet. Takes in the first call whose answer fits, and goes back when there is none. An operation with an unknown
 * outcome is taken in only where nothing else fits.
 *
 * @param events those of one key, and all flushes
 */
function search(events: readonly Event[], statesMax: number): Verdict {
  const head = placesOf(events);
  const guesses = events
    .map((event, index) => ({ event, index }))
    .filter(({ event }) => event.answer.kind === 'unknown')
    .sort((a, b) => a.event.invokedAt - b.event.invokedAt);
  const tried = new Set<string>();
  const inOrder = new Uint8Array(Math.ceil(events.length / 8));
  const order: Taken[] = [];
  let value: Value = null;
  let place = head.next;
  let guess = 0;
  /** Takes the operation in, unless that leads to a state that was tried before. */
  const take = (taken: Taken, next: Value): boolean => {
    flip(inOrder, taken.index);
    const size = tried.size;
    if (tried.add(stateName(inOrder, next)).size === size) {
      flip(inOrder, taken.index);
      return false;
    }
    order.push(taken);
    value = next;
    if (taken.call !== null) unlink(taken.call);
    place = head.next;
    guess = 0;
    return true;
  };
  // The search ends when all answered operations are in the order.
  while (place !== null) {
    if (tried.size >= statesMax) return 'undecided';
    if (place.end !== null) {
      const { event, index } = place;
      const { answer, next } = step(value, event.action);
      const taken = { index, before: value, call: place, place, guess };
      if (!sameAnswer(answer, event.answer) || !take(taken, next)) place = place.next;
      continue;
    }
    const candidate = guesses[guess++];
    if (candidate !== undefined) {
      const { event, index } = candidate;
      if (event.invokedAt > place.at || isIn(inOrder, index)) continue;
      if (guesses.some((other) => isBetterGuess(other, candidate) && !isIn(inOrder, other.index))) continue;
      const { next } = step(value, event.action);
      if (next !== value) take({ index, before: value, call: null, place, guess }, next);
      continue;
    }
    const last = order.pop();
    if (last === undefined) return 'violated';
    value = last.before;
    flip(inOrder, last.index);
    if (last.call !== null) relink(last.call);
    place = last.call === null ? last.place : last.call.next;
    guess = last.call === null ? last.guess : 0;
  }
  return 'linearizable';
}

interface Guess {
  readonly event: Event;
  readonly index: number;
}

/** The same operation, invoked earlier: in any order with only the later one, the earlier one may take its place. */
function isBetterGuess({ event, index }: Guess, than: Guess): boolean {
  if (index === than.index || event.invokedAt > than.event.invokedAt) return false;
  if (event.invokedAt === than.event.invokedAt && index > than.index) return false;
  const { action } = event;
  if ('value' in action || action.kind !== than.event.action.kind) return false;
  return action.kind !== 'incr' || than.event.action.kind !== 'incr' || action.by === than.event.action.by;
}

/** @returns a place in front of the first one */
function placesOf(events: readonly Event[]): Place {
  const places: Place[] = [];
  events.forEach((event, index) => {
    if (event.answer.kind === 'unknown') return;
    const links = { previous: null, next: null };
    const end: Place = { event, index, at: event.returnedAt, end: null, ...links };
    places.push({ event, index, at: event.invokedAt, end, ...links }, end);
  });
  // Operations that touch in time overlap, so calls come before returns.
  places.sort((a, b) => a.at - b.at || Number(a.end === null) - Number(b.end === null));
  const head = { previous: null, next: null } as unknown as Place;
  let previous = head;
  for (const place of places) {
    previous.next = place;
    place.previous = previous;
    previous = place;
  }
  return head;
}

function unlink(call: Place): void {
  for (const place of [call, call.end]) {
    if (place === null) continue;
    place.previous!.next = place.next;
    if (place.next !== null) place.next.previous = place.previous;
  }
}

/** Undoes `unlink`, in the opposite order: each place still knows its neighbours. */
function relink(call: Place): void {
  for (const place of [call.end, call]) {
    if (place === null) continue;
    place.previous!.next = place;
    if (place.next !== null) place.next.previous = place;
  }
}

function flip(bits: Uint8Array, index: number): void {
  bits[index >> 3]! ^= 1 << (index & 7);
}

function isIn(bits: Uint8Array, index: number): boolean {
  return (bits[index >> 3]! & (1 << (index & 7))) !== 0;
}

function stateName(bits: Uint8Array, value: Value): string {
  return `${String.fromCharCode(...bits)}${value === null ? '-' : `=${value}`}`;
}
