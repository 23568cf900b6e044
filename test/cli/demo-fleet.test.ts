// The rollouts here are made up: what a rollout really does is seen in demo.test.ts and in test/local.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Fleet, rolloutOf, withFleet } from '../../cli/demo/fleet.ts';
import { runFleetScene } from '../../cli/demo/fleet-scene.ts';
import { createAuthority } from '../../cli/demo/throwaway-ca.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import type { LocalRollout, LocalRolloutResult } from '../../local/backend/run-rollout.ts';

type Wave = LocalRolloutResult['waves'][number];

const authority = await createAuthority({ name: 'A fleet', intermediate: false });

/** A rollout that ended as `outcome` with these waves, and changed nothing. */
function anEnd(outcome: 'finished' | 'rolled_back', waves: readonly Wave[]): LocalRolloutResult {
  const output = {
    rolloutId: 'r',
    certificate: 'www.example.com',
    fingerprint: 'sha256:ab',
    outcome,
    summary: 'as it went',
    reason: null,
    total: 5,
    waves: waves.length,
    counts: {},
  };
  return { id: 'r', status: 'SUCCEEDED', output, waves, durationMs: 1, error: null, cause: null };
}

/** The scene with five real servers; returns what it says, or throws. */
async function scene(rollout: (rollout: LocalRollout, fleet: Fleet) => LocalRolloutResult): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  const lines: string[] = [];
  const out = (line: string) => void lines.push(line);
  const terminal = { out, err: out, interactive: false, width: 100, colours: plainColours };
  await withFleet(scratch, (fleet) =>
    runFleetScene({ backend: { rollout: async (one) => rollout(one, fleet) }, fleet, terminal }, authority),
  );
  return lines.join('\n');
}

const deployedToAll = (requested: LocalRollout): LocalRolloutResult => {
  const results = requested.targets.map(({ id }) => ({
    targetId: id,
    executionArn: `arn:${id}`,
    status: 'SUCCEEDED' as const,
    outcome: 'deployed',
    summary: 'served',
  }));
  return anEnd('finished', [{ number: 1, direction: 'forward', results }]);
};

test('The fleet scene of the demo fails when a rollout ends otherwise than described, and reports how it ended', async () => {
  await expect(scene(() => anEnd('rolled_back', []))).rejects.toMatchObject({
    name: 'DemoFailed',
    message: expect.stringContaining('expected outcome finished'),
  });
});

test("The fleet scene of the demo probes the servers itself, independent of the rollout's result", async () => {
  await expect(scene(deployedToAll)).rejects.toMatchObject({
    name: 'DemoFailed',
    message: expect.stringMatching(/^web-1 should serve version 1 .* it serves no certificate$/),
  });
});

test('The fleet of the demo is an ordinary targets file: five hosts of local mode with one server each', async () => {
  const seen: LocalRollout[] = [];

  await scene((requested, fleet) => {
    seen.push(
      rolloutOf(fleet, { certPem: '', chainPem: '', fullchainPem: '', keyPem: '', fingerprint: '' }, {}),
    );
    return deployedToAll(requested);
  }).catch(() => {});

  const targets = seen[0]?.targets ?? [];
  expect(targets.map(({ host }) => host)).toEqual([1, 2, 3, 4, 5].map((number) => `local-web-${number}`));
  for (const target of targets) expect(RegisteredTarget.safeParse(target).success).toBe(true);
  expect(new Set(targets.map(({ verify }) => verify !== 'none' && verify.endpoint)).size).toBe(5);
});
