import { describe, expect, test } from 'vitest';
import { matchesPattern } from './event-bridge.ts';
import { examples } from './examples.ts';

describe('the stand-in for EventBridge', () => {
  test.each(examples)('matches as EventBridge does: $what', ({ pattern, event, matches }) => {
    expect(matchesPattern(pattern, event)).toBe(matches);
  });

  test('plays no operator that it does not know', () => {
    expect(() => matchesPattern({ a: [{ numeric: ['>', 1] }] }, { a: 2 })).toThrow('numeric');
  });
});
