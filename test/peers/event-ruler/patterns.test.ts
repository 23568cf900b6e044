import { describe, expect, test } from 'vitest';
import { examples } from '../../triggers/examples.ts';
import { allFixtures, jsonOf, rules } from '../../triggers/scope.ts';
import { askRuler } from './ruler.ts';

describe('AWS’s own Event Ruler, which EventBridge matches with', () => {
  test('says of the examples of matching what our stand-in for it says', () => {
    const answers = askRuler(examples.map(({ pattern, event }) => ({ pattern, event })));

    expect(answers).toEqual(examples.map(({ matches }) => matches));
  });

  test('finds every trigger’s pattern well formed, and matches with each the events that it is for', () => {
    const fixtures = allFixtures();
    const pairs = Object.entries(rules).flatMap(([rule, { pattern }]) =>
      fixtures.map((fixture) => ({ rule, pattern: jsonOf(pattern), fixture })),
    );

    const answers = askRuler(pairs.map(({ pattern, fixture: { event } }) => ({ pattern, event })));

    expect(pairs.map(({ rule, fixture: { name } }, index) => [rule, name, answers[index]])).toEqual(
      pairs.map(({ rule, fixture: { name, matches } }) => [rule, name, matches === rule]),
    );
  });
});
