import { describe, expect, test } from 'vitest';
import { examples } from '../../triggers/examples.ts';
import { allFixtures, jsonOf, rules } from '../../triggers/scope.ts';
import { askRuler } from './ruler.ts';

describe('AWS’s own Event Ruler, which EventBridge matches with', () => {
  test("AWS's own Event Ruler matches the examples as our stand-in for EventBridge does", () => {
    const answers = askRuler(examples.map(({ pattern, event }) => ({ pattern, event })));

    expect(answers).toEqual(examples.map(({ matches }) => matches));
  });

  test("AWS's own Event Ruler accepts every trigger's pattern, and matches the events that it is for", () => {
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
