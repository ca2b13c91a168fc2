import { describe, expect, it } from 'vitest';
import {
  type Configuration,
  configurationFlaw,
  configurationOf,
  sameConfiguration,
  zonesIn,
} from '../../../src/placement/configuration.ts';
import { withAdded, withVoters } from '../../../src/placement/member-changes.ts';

describe('the zones of controllers', () => {
  const three = configurationOf([1, 2, 3].map((port) => ({ host: 'x', port })));
  const joined = withAdded(three, { host: 'x', port: 4, zone: 'b' }, 'joining') as Configuration;

  it('are those of the configuration file, and those that were said when a controller was added', () => {
    expect(zonesIn(joined, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c', 'b']);
    expect(zonesIn(joined, [])).toEqual(['(0)', '(1)', '(2)', 'b']);
    expect(zonesIn(three, [])).toEqual([]);
  });

  it('stay over the changes of who votes', () => {
    const voting = withVoters(joined, [3], [0]) as Configuration;
    expect(zonesIn(voting, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c', 'b']);
    const unzoned = { ...voting, controllers: voting.controllers.map(({ zone: _, ...one }) => one) };
    expect(sameConfiguration(voting, unzoned)).toBe(false);
  });

  it('have names', () => {
    const wrong = { ...joined, controllers: joined.controllers.map((one) => ({ ...one, zone: 'a b' })) };
    expect(configurationFlaw(wrong)).toBe('controller 0 is in no zone');
  });
});
