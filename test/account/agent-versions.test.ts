import { describe, expect, test } from 'vitest';
import { isAtLeast } from '../../account/doctor/host-checks.ts';

describe('versions of the SSM Agent', () => {
  test.each([
    ['3.3.2746.0', true],
    ['3.3.3000.0', true],
    ['4.0.0.0', true],
    ['3.3.2745.9', false],
    ['3.3.987.0', false],
    ['3.2.9999.0', false],
    ['3.3', false],
  ])('Versions of the SSM Agent are compared number by number: %s', (version, enough) => {
    expect(isAtLeast(version, '3.3.2746.0')).toBe(enough);
  });
});
