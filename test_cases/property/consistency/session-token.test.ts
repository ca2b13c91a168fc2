import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDS_END } from '../../../src/base/number-kinds.ts';
import {
  decodeToken,
  encodeToken,
  type TokenContent,
  type TokenPorts,
  tokenCharsMax,
} from '../../../src/consistency/session-token.ts';
import { type Stretch, Stretches } from '../../../src/ordering/stretches.ts';
import { SESSION_STRETCHES_MAX } from '../../../src/replication/request-context.ts';

const mac = (key: string) => (bytes: Buffer) => createHmac('sha256', key).update(bytes).digest();
const ports: TokenPorts = { cluster: 'ours', mac: mac('secret') };

/** As large as a version time gets, and as far apart. */
const times = fc.maxSafeNat().map((time) => Math.max(1, time));

const stretch = (controllers: number) =>
  fc
    .record({ origin: fc.nat(controllers - 1), a: times, b: times })
    .map(({ origin, a, b }): Stretch => ({ origin, from: a === b ? 0 : Math.min(a, b), to: Math.max(a, b) }));

const seenBy = (controllers: number) =>
  fc.array(stretch(controllers), { maxLength: Math.min(32, 2 * controllers) }).map((stretches) => {
    const seen = Stretches.of(stretches);
    seen.joinNewest(SESSION_STRETCHES_MAX);
    return seen;
  });

const codeOf = (token: string, by: TokenPorts = ports) => {
  const content = decodeToken(by, token);
  return content.kind === 'refused' ? content.failure.code : content.kind;
};

const partsOf = (content: TokenContent) =>
  content.kind === 'seen' && content.parts.map(({ group, seen }) => ({ group, seen: [...seen] }));

describe('a session token', () => {
  it('says what the session has seen', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 3, 16, 256, IDS_END).chain(seenBy), fc.nat(255), (seen, group) => {
        const content = decodeToken(ports, encodeToken(ports, [{ group, seen }]));
        expect(partsOf(content)).toEqual([{ group, seen: [...seen] }]);
      }),
    );
  });

  it('says it of every group that the session has been in', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ group: fc.nat(255), seen: seenBy(3) }), { maxLength: 8 }), (parts) => {
        const content = decodeToken(ports, encodeToken(ports, parts));
        expect(partsOf(content)).toEqual(parts.map(({ group, seen }) => ({ group, seen: [...seen] })));
      }),
    );
  });

  it('has a bounded size: 175, 356 and 764 characters for 3, 7 and 16 controllers, whatever was seen', () => {
    const sizes = [3, 7, 16].map((controllers) => tokenCharsMax(controllers, SESSION_STRETCHES_MAX));
    expect(sizes).toEqual([175, 356, 764]);
    for (const controllers of [3, 7, 16]) {
      fc.assert(
        fc.property(seenBy(controllers), (seen) => {
          const most = tokenCharsMax(controllers, SESSION_STRETCHES_MAX);
          expect(encodeToken(ports, [{ group: 1, seen }]).length).toBeLessThanOrEqual(most);
        }),
      );
    }
  });

  it('of three controllers that were never restarted has some 64 characters', () => {
    const now = 362_387_865_600_000;
    const seen = Stretches.of([0, 1, 2].map((origin) => ({ origin, from: 0, to: now - origin * 4_096_000 })));
    expect(encodeToken(ports, [{ group: 1, seen }]).length).toBeLessThanOrEqual(64);
  });

  it('is refused when any of it was changed', () => {
    const token = encodeToken(ports, [
      { group: 1, seen: Stretches.of([{ origin: 1, from: 0, to: 12_345 }]) },
    ]);
    fc.assert(
      fc.property(fc.nat(token.length * 6 - 1), (bit) => {
        const bytes = Buffer.from(token, 'base64url');
        const at = Math.min(bit >> 3, bytes.length - 1);
        bytes[at]! ^= 1 << (bit & 7);
        expect(['TOKEN_BROKEN', 'TOKEN_FOREIGN', 'TOKEN_FORGED']).toContain(
          codeOf(bytes.toString('base64url')),
        );
      }),
    );
  });

  it('is refused as broken when it is cut short, or no token at all', () => {
    const token = encodeToken(ports, [
      { group: 1, seen: Stretches.of([{ origin: 1, from: 0, to: 12_345 }]) },
    ]);
    for (let length = 1; length < token.length; length++)
      expect(codeOf(token.slice(0, length))).not.toBe('seen');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(codeOf(text)).not.toBe('seen');
      }),
    );
    expect(codeOf('hello')).toBe('TOKEN_BROKEN');
  });

  it('of another cluster is foreign, and one that was made with another secret is forged', () => {
    const seen = Stretches.of([{ origin: 0, from: 0, to: 1 }]);
    expect(codeOf(encodeToken({ ...ports, cluster: 'theirs' }, [{ group: 1, seen }]))).toBe('TOKEN_FOREIGN');
    expect(codeOf(encodeToken({ ...ports, mac: mac('guess') }, [{ group: 1, seen }]))).toBe('TOKEN_FORGED');
  });
});
