import { type Event, type History, sameAnswer, step, type Value } from './history.ts';

/** `undecided`: the search was given up, after `STATES_MAX` states. */
export type Verdict = 'linearizable' | 'violated' | 'undecided';

/** States of one key's search: what it may cost in time and memory. */
const STATES_MAX = 2_000_000;

/**
 * Linearizability: there is one order of all operations that respects real time (what had returned before
 * another was invoked comes first), in which every answer is right. It holds for a store when it holds for
 * each of its keys (Herlihy and Wing 1990), so keys are checked one by one, by Wing and Gong's search with
 * Lowe's memory of the states already tried.
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

/** A call or a return of an operation, in a doubly linked list in the order of time. */
interface Place {
  readonly event: Event;
  readonly index: number;
  /** The return of a call; null for a return, and for a call that never returned. */
  readonly end: Place | null;
  readonly isCall: boolean;
  previous: Place | null;
  next: Place | null;
}

/** An operation that was taken into the order, and the value before it. */
interface Taken {
  readonly call: Place;
  readonly before: Value;
}

/**
 * Walks over the calls that may come next: those before the first return of an operation that is not in the
 * order yet. Takes in the first whose answer fits, and goes back when there is none.
 *
 * @param events of one key, and the flushes, which concern it too
 */
function search(events: readonly Event[], statesMax: number): Verdict {
  const head = placesOf(events);
  const tried = new Set<string>();
  const inOrder = new Uint8Array(Math.ceil(events.length / 8));
  const order: Taken[] = [];
  let value: Value = null;
  let place = head.next;
  let returnsLeft = events.filter(({ returnedAt }) => returnedAt !== Number.POSITIVE_INFINITY).length;
  // What is left then has not returned: none of it need have happened.
  while (returnsLeft > 0) {
    if (place?.isCall) {
      const { event, index } = place;
      const { answer, next } = step(value, event.action);
      if (event.answer.kind === 'unknown' || sameAnswer(answer, event.answer)) {
        flip(inOrder, index);
        const state = stateName(inOrder, next);
        if (!tried.has(state)) {
          if (tried.size >= statesMax) return 'undecided';
          tried.add(state);
          order.push({ call: place, before: value });
          value = next;
          unlink(place);
          if (place.end !== null) returnsLeft--;
          place = head.next;
          continue;
        }
        flip(inOrder, index);
      }
      place = place.next;
      continue;
    }
    const last = order.pop();
    if (last === undefined) return 'violated';
    value = last.before;
    flip(inOrder, last.call.index);
    relink(last.call);
    if (last.call.end !== null) returnsLeft++;
    place = last.call.next;
  }
  return 'linearizable';
}

/** @returns a place before the first */
function placesOf(events: readonly Event[]): Place {
  const places: { place: Place; at: number }[] = [];
  events.forEach((event, index) => {
    const links = { previous: null, next: null };
    const returned = event.returnedAt !== Number.POSITIVE_INFINITY;
    const end: Place | null = returned ? { event, index, end: null, isCall: false, ...links } : null;
    places.push({ place: { event, index, end, isCall: true, ...links }, at: event.invokedAt });
    if (end !== null) places.push({ place: end, at: event.returnedAt });
  });
  // What happens at the same time overlaps: calls come before returns.
  places.sort((a, b) => a.at - b.at || Number(b.place.isCall) - Number(a.place.isCall));
  const head = { isCall: false, index: -1, end: null, previous: null, next: null } as unknown as Place;
  let previous = head;
  for (const { place } of places) {
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

/** In the opposite order of `unlink`: each place still knows its neighbours. */
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

function stateName(bits: Uint8Array, value: Value): string {
  return `${String.fromCharCode(...bits)}${value === null ? '-' : `=${value}`}`;
}
