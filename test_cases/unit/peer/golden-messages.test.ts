import { describe, expect, it } from 'vitest';
import { ROOT_GROUP } from '../../../src/membership/peer-bus.ts';
import { decodeMessage, encodeMessage } from '../../../src/peer/codec.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';
import { goldenBytes, goldenBytesOf, namedSamples } from '../../support/golden.ts';
import { EFFECTS } from '../../support/golden-effects.ts';
import { GOLDEN_MESSAGES } from '../../support/golden-messages.ts';

const recorded = goldenBytesOf(['0.1.0', '0.3.0'], 'messages.json');
const samples = namedSamples<PeerMessage>(GOLDEN_MESSAGES);

describe('messages between peers, as releases sent them', () => {
  it('are recorded for every sample', () => {
    expect([...recorded.keys()].sort()).toEqual([...samples.keys()].sort());
  });

  it.each([...recorded])('%s is read, and sent in the same bytes', (name, bytes) => {
    const sample = samples.get(name)!;
    expect(decodeMessage(bytes)).toEqual({ group: ROOT_GROUP, message: sample });
    expect(encodeMessage(ROOT_GROUP, sample).toString('hex')).toBe(bytes.toString('hex'));
  });

  it('regression: a conditional delete carried the flags and the expiry of the entry', () => {
    const bytes = goldenBytes('0.1.0', 'conditional-delete.json').get('message')!;
    expect(decodeMessage(bytes).message).toEqual({
      type: 'push',
      previousTime: 0,
      effects: [EFFECTS.delete],
    });
  });
});
