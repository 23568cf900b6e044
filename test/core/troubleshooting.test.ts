import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type DeploymentOutcome, deploymentOutcomes } from '../../core/deployment/outcome.ts';
import { errorNames } from '../../core/errors.ts';
import { RolloutOutcome } from '../../core/rollout/rollout.ts';
import {
  entryOfDeployment,
  entryOfReason,
  entryOfRollout,
  entryOfServedProblem,
} from '../../core/troubleshooting/entries.ts';

const page = readFileSync('docs/troubleshooting.md', 'utf8');

/** The text below each heading, by the anchor that GitHub gives to the heading. */
const sections = new Map(
  page.split(/^#{2,3} /m).map((part) => {
    const [heading = ''] = part.split('\n');
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-');
    return [anchor, part];
  }),
);

describe('the troubleshooting entry', () => {
  test('The troubleshooting entry of each error name is a section that contains the name', () => {
    const missing = Object.keys(errorNames).filter(
      (name) => !sections.get(entryOfReason(name))?.includes(name),
    );

    expect(missing).toEqual([]);
  });

  test.each([...deploymentOutcomes])(
    'The troubleshooting entry of the outcome %s exists, whatever its reason is',
    (outcome) => {
      for (const reason of [null, 'States.Timeout', ...Object.keys(errorNames)]) {
        expect([...sections.keys()]).toContain(entryOfDeployment(outcome, reason));
      }
    },
  );

  test.each([...RolloutOutcome.options, 'lost'] as const)(
    'The troubleshooting entry of the rollout outcome %s exists',
    (outcome) => {
      for (const reason of [null, 'TooManyFailures']) {
        expect([...sections.keys()]).toContain(entryOfRollout(outcome, reason));
      }
    },
  );

  test('The troubleshooting entry of a wrong certificate that a sweep finds exists', () => {
    expect([...sections.keys()]).toContain(entryOfServedProblem);
  });

  test.each<[DeploymentOutcome, string | null, string]>([
    ['rolled_back', 'LeafNotServed', 'the-endpoint-does-not-serve-the-new-leaf'],
    ['rollback_failed', 'ReloadFailed', 'rollback_failed-manual-action-required'],
    ['rejected', 'KeyMismatch', 'certificate-bundles'],
    ['rejected', 'AccessDeniedException', 'error-names-of-aws'],
    ['rejected', null, 'how-deployments-end'],
  ])('The troubleshooting entry of %s with the reason %s is #%s', (outcome, reason, anchor) => {
    expect(entryOfDeployment(outcome, reason)).toBe(anchor);
  });
});
