import { describe, expect, test } from 'vitest';
import type { ApprovalRequest } from '../../../services/rollouts/approval-requests.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { aCertificateName, aRollout } from '../../fixtures/new-rollout.ts';
import { useRollouts } from '../../fixtures/world.ts';

let rollouts: Rollouts;
useRollouts((made) => {
  rollouts = made;
});

async function begun() {
  const rollout = aRollout({ certificate: aCertificateName() });
  await rollouts.begin(rollout, { repeat: false });
  return rollout;
}

describe('questions', () => {
  const aQuestion = (
    rolloutId: string,
    wave: number,
    asked: Partial<ApprovalRequest> = {},
  ): ApprovalRequest => ({
    rolloutId,
    wave,
    taskToken: `token-${wave}`,
    attempt: '2026-11-22T11:59:59.000Z#000000',
    secretHash: 'ab'.repeat(32),
    requestedAt: '2026-11-22T12:00:00.000Z',
    ...asked,
  });
  const approved = { verdict: 'approved' as const, by: 'ada' };

  test('Approval requests are found by their wave, or as the latest that is unanswered', async () => {
    const { id } = await begun();
    const [early, late] = [aQuestion(id, 9), aQuestion(id, 10)];
    await rollouts.requestApproval(early);
    await rollouts.requestApproval(late);

    const latest = await rollouts.approvalRequest(id);
    await rollouts.recordDecision(late, approved);

    expect(latest).toEqual(late);
    expect(await rollouts.approvalRequest(id)).toEqual(early);
    expect(await rollouts.approvalRequest(id, 10)).toEqual(late);
  });

  test('Approval requests asked again wait with the later token, unanswered', async () => {
    const { id } = await begun();
    const first = aQuestion(id, 1);
    const second = aQuestion(id, 1, { taskToken: 'later', attempt: '2026-11-22T11:59:59.000Z#000001' });
    await rollouts.requestApproval(first);
    await rollouts.recordDecision(first, approved);

    expect(await rollouts.requestApproval(second)).toBe(true);
    await rollouts.recordDecision(first, approved);

    expect(await rollouts.approvalRequest(id)).toEqual(second);
  });

  test('An approval request of an attempt that comes after a later one is not sent, whatever the clocks show', async () => {
    const { id } = await begun();
    const second = aQuestion(id, 1, { taskToken: 'later', attempt: '2026-11-22T11:59:59.000Z#000001' });
    await rollouts.requestApproval(second);

    expect(
      await rollouts.requestApproval(aQuestion(id, 1, { requestedAt: '2026-11-22T12:00:05.000Z' })),
    ).toBe(false);

    expect(await rollouts.approvalRequest(id)).toEqual(second);
  });
});
