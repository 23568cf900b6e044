// The conditional updates of a rollout's item (`rollout#<id>` / `control`).
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { Change } from '../registry/registry-table.ts';
import { expiryOf } from './rollout-items.ts';

const names = { '#status': 'status' };

/** The change applies only if no redrive after `redriveCount` has resumed the rollout. */
export function unlessResumed(change: Change, redriveCount: number | undefined): Change {
  if (redriveCount === undefined) return change;
  return {
    ...change,
    when: `${change.when} AND redriveCount <= :redrives`,
    values: { ...change.values, ':redrives': redriveCount },
  };
}

export const haltChange = (reason: string): Change => ({
  expression: 'SET #status = :halted, reason = :reason',
  when: '#status = :running',
  names,
  values: { ':halted': 'halted', ':running': 'running', ':reason': reason },
});

/** For a rollout that runs. */
export function haltForRollbackChange(reason: string): Change {
  const { expression, values, ...change } = haltChange(reason);
  return {
    ...change,
    expression: `${expression}, rollbackRequested = :true`,
    values: { ...values, ':true': true },
  };
}

/** For a rollout that is halted or rolling back already. */
export const requestRollbackChange: Change = {
  expression: 'SET rollbackRequested = :true',
  when: '#status IN (:halted, :back)',
  names,
  values: { ':halted': 'halted', ':back': 'rolling_back', ':true': true },
};

export const closeChange = (startedAt: string): Change => ({
  expression: 'SET closed = :closed, expiresAt = :expiry',
  when: 'attribute_not_exists(id)',
  values: { ':closed': true, ':expiry': expiryOf(startedAt) },
});

export const toleratedChange = (tolerated: number): Change => ({
  expression: 'SET tolerated = :tolerated',
  when: 'attribute_exists(id)',
  values: { ':tolerated': tolerated },
});

export const startRollbackChange: Change = {
  expression: 'SET #status = :back, outcome = :none, summary = :none',
  when: 'attribute_exists(id) AND #status <> :ended',
  names,
  values: { ':back': 'rolling_back', ':ended': 'ended', ':none': null },
};

/** As startRollbackChange, but for a task of the execution: with an outcome the rollout has halted for good or ended. */
export const taskStartsRollbackChange: Change = {
  ...startRollbackChange,
  when: `${startRollbackChange.when} AND outcome = :none`,
};

export const resumeChange = (redriveCount: number): Change => ({
  expression:
    'SET #status = :running, failures = :zero, redriveCount = :count, reason = :none, outcome = :none, summary = :none',
  when: '#status = :halted AND redriveCount < :count',
  names,
  values: { ':running': 'running', ':halted': 'halted', ':zero': 0, ':count': redriveCount, ':none': null },
});

export function endChange(outcome: RolloutOutcome, summary: string): Change {
  const values = { ':outcome': outcome, ':summary': summary };
  if (outcome === 'halted') {
    return {
      expression: 'SET #status = :halted, outcome = :outcome, summary = :summary',
      when: '(#status = :back OR (#status = :halted AND attribute_not_exists(rollbackRequested)))',
      names,
      values: { ...values, ':halted': 'halted', ':back': 'rolling_back' },
    };
  }
  return {
    expression: 'SET #status = :ended, outcome = :outcome, summary = :summary',
    when: 'attribute_exists(id) AND #status <> :ended',
    names,
    values: { ...values, ':ended': 'ended' },
  };
}
