import { type ByteReader, type ByteWriter, FrameError } from '../../base/byte-writer.ts';
import { type ControllerId, IDS_END, type WallMs } from '../../base/number-kinds.ts';
import { type Numbering, numbering } from '../../base/numbering.ts';
import type { Ballot } from '../../membership/ballot.ts';
import type { AcceptorState, Retention } from '../../membership/messages.ts';
import type { Member } from '../../membership/view.ts';
import {
  type Condition,
  conditionOf,
  type Effect,
  type EffectKind,
  type JoinEffect,
  type JoinSide,
  type SetEffect,
} from '../../ordering/effect.ts';
import type { Stretch } from '../../ordering/stretches.ts';
import type { Version } from '../../ordering/version.ts';
import { type Configuration, configurationFlaw } from '../../placement/configuration.ts';
import type { Level } from '../../placement/level.ts';
import type { Attached, SeenPart } from '../../replication/convergent/messages.ts';
import { REASON_CHARS_MAX } from '../reason-text.ts';

/** The fields of peer messages in bytes and back. Reading throws a FrameError where the bytes are no such field. */

const RETENTIONS = numbering<Retention>({ intact: 0, recovered: 1, 'view-only': 2, lost: 3, complete: 4 });

const ASKED_LEVELS = numbering<Level>({ linearizability: 0, sequential: 1, eventual: 2, causal: 3 });

/** Writes the level that a read asks for; null for none. */
export function writeAskedLevel(w: ByteWriter, level: Level | null): void {
  w.u8(level === null ? NO_LEVEL : ASKED_LEVELS.numberOf[level]);
}

export function readAskedLevel(r: ByteReader): Level | null {
  const number = r.u8();
  return number === NO_LEVEL ? null : wordOf(ASKED_LEVELS, number);
}

/** In the place of a level. */
const NO_LEVEL = 255;

const EFFECTS = numbering<EffectKind>({
  set: 0,
  delete: 1,
  flush: 2,
  'flush-later': 3,
  'flush-due': 4,
  join: 5,
});

const SIDES = numbering<JoinSide>({ end: 0, beginning: 1 });

export function writeBallot(w: ByteWriter, ballot: Ballot): void {
  writeNumberAndId(w, ballot.counter, ballot.node);
}

export function readBallot(r: ByteReader): Ballot {
  const highest = r.peek();
  return { counter: r.lower53(), node: idOf(highest, r.u8()) };
}

export function writeAcceptorState(w: ByteWriter, acceptor: AcceptorState): void {
  writeBallot(w, acceptor.promised);
  writeBallot(w, acceptor.accepted);
  writeMembers(w, acceptor.members);
  w.u8(RETENTIONS.numberOf[acceptor.retention]);
  w.u53(acceptor.incarnation);
}

export function readAcceptorState(r: ByteReader): AcceptorState {
  return {
    promised: readBallot(r),
    accepted: readBallot(r),
    members: readMembers(r),
    retention: wordOf(RETENTIONS, r.u8()),
    incarnation: r.u53(),
  };
}

export function writeVersion(w: ByteWriter, version: Version): void {
  writeNumberAndId(w, version.time, version.node);
}

export function readVersion(r: ByteReader): Version {
  const highest = r.peek();
  return { time: r.lower53(), node: idOf(highest, r.u8()) };
}

/**
 * An id takes one byte, beside a number of eight bytes. The number has less than 54 bits; so the highest of its bytes
 * takes those bits of an id that is 256 or more which are above its lowest eight. Releases that had fewer ids refuse
 * such a number, and read all others as before.
 */
function writeNumberAndId(w: ByteWriter, number: number, id: ControllerId): void {
  w.numberWith(id >> 8, number);
  w.u8(id & 0xff);
}

export function writeIdAndNumber(w: ByteWriter, id: ControllerId, number: number): void {
  w.u8(id & 0xff);
  w.numberWith(id >> 8, number);
}

/** Two ids beside the same number: each has half of its highest byte. */
export function writeIdAndVersion(w: ByteWriter, id: ControllerId, { time, node }: Version): void {
  w.u8(id & 0xff);
  w.numberWith((id >> 8) * 16 + (node >> 8), time);
  w.u8(node & 0xff);
}

export function readIdAndVersion(r: ByteReader): readonly [id: ControllerId, version: Version] {
  const lowest = r.u8();
  const highest = r.peek();
  return [idOf(highest >> 4, lowest), { time: r.lower53(), node: idOf(highest % 16, r.u8()) }];
}

/** @param lowest the byte with the id @param highest the byte with which the number beside it begins */
function idOf(highest: number, lowest: number): ControllerId {
  const id = highest * 256 + lowest;
  if (id < IDS_END) return id;
  throw new FrameError(`there is no controller ${id}`);
}

/** An id with the number behind it. */
export function readId(r: ByteReader): ControllerId {
  const lowest = r.u8();
  return idOf(r.peek(), lowest);
}

/** @throws FrameError when the text is longer than any that a controller sends */
export function readReasonText(r: ByteReader): string {
  const text = r.text();
  if (text.length > REASON_CHARS_MAX) throw new FrameError(`a reason of ${text.length} characters`);
  return text;
}

/**
 * Numbers, mostly one for each controller. In a long list most of them are equal to the one before: 0 where nothing is
 * known of a controller, or the time up to which an ordered group has everything. Then a number is written once, with
 * its last place. So what a group of three controllers tells does not grow with the cluster.
 */
export function writeNumbers(w: ByteWriter, numbers: readonly number[]): void {
  if (numbers.length >= RUNS_FROM) {
    const runs = numbers.reduce((count, number, at) => (number === numbers[at + 1] ? count : count + 1), 0);
    if (runs * RUN_BYTES < numbers.length * 8) return writeRuns(w, numbers, runs);
  }
  w.u32(numbers.length);
  for (const number of numbers) w.u53(number);
}

export function readNumbers(r: ByteReader): number[] {
  const count = r.u32();
  if (count >= RUNS) return readRuns(r, count - RUNS);
  if (count * 8 > r.remaining) throw new FrameError(`${count} items do not fit their frame`);
  if (count > IDS_END) throw new FrameError(`${count} numbers where one a controller was due`);
  const numbers = new Array<number>(count);
  for (let i = 0; i < count; i++) numbers[i] = r.u53();
  return numbers;
}

/** Shorter lists are written whole, as releases did that know no other way. */
const RUNS_FROM = 16;

/** Added to the number of runs, which stands in the place of the length. */
const RUNS = 2 ** 31;

const RUN_BYTES = 4 + 8;

function writeRuns(w: ByteWriter, numbers: readonly number[], runs: number): void {
  w.u32(RUNS + runs);
  for (const [at, number] of numbers.entries()) {
    if (number === numbers[at + 1]) continue;
    w.u32(at + 1);
    w.u53(number);
  }
}

function readRuns(r: ByteReader, runs: number): number[] {
  if (runs * RUN_BYTES > r.remaining) throw new FrameError(`${runs} items do not fit their frame`);
  const numbers: number[] = [];
  for (let i = 0; i < runs; i++) {
    const end = r.u32();
    if (end <= numbers.length) throw new FrameError('runs of numbers are out of order');
    if (end > IDS_END) throw new FrameError(`${end} numbers where one a controller was due`);
    const number = r.u53();
    while (numbers.length < end) numbers.push(number);
  }
  return numbers;
}

export function writeMembers(w: ByteWriter, members: readonly Member[]): void {
  w.u32(members.length);
  for (const member of members) writeIdAndNumber(w, member.node, member.incarnation);
}

export function readMembers(r: ByteReader): Member[] {
  const count = r.count(9);
  if (count > IDS_END) throw new FrameError(`${count} members where there are fewer controllers`);
  return Array.from({ length: count }, () => ({ node: readId(r), incarnation: r.lower53() }));
}

export function writeEffects(w: ByteWriter, effects: readonly Effect[]): void {
  w.u32(effects.length);
  for (const effect of effects) writeEffect(w, effect);
}

export function readEffects(r: ByteReader): Effect[] {
  const count = r.count(EFFECT_BYTES_MIN);
  const effects = new Array<Effect>(count);
  for (let i = 0; i < count; i++) effects[i] = readEffect(r);
  return effects;
}

export function writeStretches(w: ByteWriter, stretches: readonly Stretch[]): void {
  w.u32(stretches.length);
  for (const { origin, from, to } of stretches) {
    writeIdAndNumber(w, origin, from);
    w.u53(to);
  }
}

export function readStretches(r: ByteReader): Stretch[] {
  const count = r.count(STRETCH_BYTES);
  const stretches = new Array<Stretch>(count);
  for (let i = 0; i < count; i++) stretches[i] = { origin: readId(r), from: r.lower53(), to: r.u53() };
  return stretches;
}

const STRETCH_BYTES = 1 + 8 + 8;

export function writeSeenParts(w: ByteWriter, parts: readonly SeenPart[]): void {
  w.u8(parts.length);
  for (const { group, seen } of parts) {
    w.u8(group);
    writeStretches(w, seen);
  }
}

export function readSeenParts(r: ByteReader): SeenPart[] {
  const count = r.u8();
  const parts: SeenPart[] = [];
  for (let i = 0; i < count; i++) parts.push({ group: r.u8(), seen: readStretches(r) });
  return parts;
}

export function writeAttached(w: ByteWriter, attached: readonly Attached[]): void {
  w.u32(attached.length);
  for (const { version, needs } of attached) {
    writeVersion(w, version);
    writeStretches(w, needs);
  }
}

export function readAttached(r: ByteReader): Attached[] {
  const count = r.count(ATTACHED_BYTES_MIN);
  const attached = new Array<Attached>(count);
  for (let i = 0; i < count; i++) attached[i] = { version: readVersion(r), needs: readStretches(r) };
  return attached;
}

const ATTACHED_BYTES_MIN = 9 + 4;

const EFFECT_BYTES_MIN = 9 + 1 + 4 + 4 + 8;
const HAS_CONDITION = 1;
const HAS_VALUE = 2;
const HAS_TOKEN = 4;
const HAS_MARKS = 8;
const KIND_SHIFT = 4;
const PRESENCE_MASK = (1 << KIND_SHIFT) - 1;

/** Every kind has the same fields on the wire; those that the effect has not are empty or absent. */
function writeEffect(w: ByteWriter, effect: Effect): void {
  writeVersion(w, effect.version);
  const kind = EFFECTS.numberOf[effect.kind] << KIND_SHIFT;
  if (effect.kind === 'set') return writeSet(w, effect, kind);
  if (effect.kind === 'join') return writeJoin(w, effect, kind);
  const condition = conditionOf(effect);
  w.u8(kind | (condition === null ? 0 : HAS_CONDITION));
  w.text(effect.kind === 'delete' ? effect.key : '');
  w.u32(0);
  w.u53('atMs' in effect ? effect.atMs : 0);
  if (condition !== null) writeVersion(w, condition);
}

function writeSet(w: ByteWriter, effect: SetEffect, kind: number): void {
  w.u8(kind | presence(effect));
  w.text(effect.key);
  w.u32(effect.flags);
  w.u53(effect.expiresAtMs);
  if (effect.condition !== null) writeVersion(w, effect.condition);
  if (effect.token !== null) w.u64(effect.token);
  if (effect.marks !== 0) w.u8(effect.marks);
  if (effect.value !== null) w.bytes(effect.value);
}

/** The fields of a set, and what only a difference has in front of its bytes. */
function writeJoin(w: ByteWriter, effect: JoinEffect, kind: number): void {
  w.u8(kind | HAS_CONDITION | HAS_VALUE);
  w.text(effect.key);
  w.u32(0);
  w.u53(effect.expiresAtMs);
  writeVersion(w, effect.condition);
  w.u8(SIDES.numberOf[effect.side]);
  w.u32(effect.valueBytes);
  w.u32(effect.chain.count);
  w.u32(effect.chain.bytes);
  w.bytes(effect.part);
}

/** Which of the optional fields follow. */
function presence({ condition, value, token, marks }: SetEffect): number {
  return (
    (condition === null ? 0 : HAS_CONDITION) |
    (value === null ? 0 : HAS_VALUE) |
    (token === null ? 0 : HAS_TOKEN) |
    (marks === 0 ? 0 : HAS_MARKS)
  );
}

function readEffect(r: ByteReader): Effect {
  const version = readVersion(r);
  const bits = r.u8();
  const kind = wordOf(EFFECTS, bits >> KIND_SHIFT);
  const key = r.text();
  const flags = r.u32();
  const expiresAtMs = r.u53();
  if (kind !== 'set' && kind !== 'join') return readOther(r, kind, version, bits, key, expiresAtMs);
  const condition = bits & HAS_CONDITION ? readVersion(r) : null;
  if (kind === 'join') return readJoin(r, { version, key, condition, expiresAtMs }, bits);
  const token = bits & HAS_TOKEN ? r.u64() : null;
  const marks = bits & HAS_MARKS ? r.u8() : 0;
  const value = bits & HAS_VALUE ? r.bytes() : null;
  return { kind, version, key, condition, flags, expiresAtMs, token, marks, value };
}

function readJoin(
  r: ByteReader,
  read: Pick<SetEffect, 'version' | 'key' | 'expiresAtMs'> & { readonly condition: Condition },
  bits: number,
): JoinEffect {
  const { version, key, condition, expiresAtMs } = read;
  if (condition === null || (bits & PRESENCE_MASK) !== (HAS_CONDITION | HAS_VALUE))
    throw new FrameError('a difference has other fields than a difference has');
  const side = wordOf(SIDES, r.u8());
  const valueBytes = r.u32();
  const chain = { count: r.u32(), bytes: r.u32() };
  const part = r.bytes();
  return { kind: 'join', version, key, condition, expiresAtMs, side, part, valueBytes, chain };
}

/** Flags, and the expiry of a delete, mean nothing: earlier releases send those of the entry that is deleted. */
function readOther(
  r: ByteReader,
  kind: Exclude<Effect['kind'], 'set' | 'join'>,
  version: Version,
  bits: number,
  key: string,
  atMs: WallMs,
): Effect {
  const mayHave = kind === 'delete' ? HAS_CONDITION : 0;
  if ((bits & PRESENCE_MASK & ~mayHave) !== 0) throw new FrameError(`a ${kind} has fields of a set`);
  if (kind === 'delete')
    return { kind, version, key, condition: bits & HAS_CONDITION ? readVersion(r) : null };
  if (key !== '') throw new FrameError(`a ${kind} names a key`);
  if (kind === 'flush') return { kind, version };
  return { kind, version, atMs };
}

/** @throws FrameError when no word has the number */
export function wordOf<Word extends string>({ words }: Numbering<Word>, number: number): Word {
  const word = words[number];
  if (word === undefined) throw new FrameError(`${number} is not a known kind`);
  return word;
}

/** As JSON: it is small, and seldom sent. */
export function writeConfiguration(w: ByteWriter, configuration: Configuration): void {
  w.text(JSON.stringify(configuration));
}

/** @throws FrameError when it is none */
export function readConfiguration(r: ByteReader): Configuration {
  const text = r.text();
  try {
    const configuration = JSON.parse(text) as Configuration;
    const flaw = configurationFlaw(configuration);
    if (flaw === null) return configuration;
    throw new FrameError(flaw);
  } catch (error) {
    throw error instanceof FrameError ? error : new FrameError('a configuration is no JSON');
  }
}
