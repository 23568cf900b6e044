import { describe, expect, test } from 'vitest';
import { matchesPattern } from './event-bridge.ts';
import { examples } from './examples.ts';

describe('the stand-in for EventBridge', () => {
  test.each(examples)(
    'The stand-in for EventBridge matches as EventBridge does: $what',
    ({ pattern, event, matches }) => {
      expect(matchesPattern(pattern, event)).toBe(matches);
    },
  );

  test('The stand-in for EventBridge refuses operators that it does not implement', () => {
    expect(() => matchesPattern({ a: [{ numeric: ['>', 1] }] }, { a: 2 })).toThrow('numeric');
  });
});
