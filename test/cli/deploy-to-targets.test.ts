import { describe, expect, test } from 'vitest';
import { deployToTargets, type RunDeployment } from '../../cli/commands/deploy-to-targets.ts';
import { plainProgress, silentProgress } from '../../cli/render/progress.ts';
import type { AtLeastOne } from '../../cli/report/deployment-report.ts';
import type { Target } from '../../core/targets/target.ts';
import { aFinished, aTarget } from './finished.ts';

const never = new AbortController().signal;

function targets(count: number): AtLeastOne<Target> {
  const others = Array.from({ length: count - 1 }, (_, index) => aTarget({ id: `web-${index + 2}` }));
  return [aTarget({ id: 'web-1' }), ...others];
}

/** Runs no deployment, and counts how many were requested at once. */
function aRunner(during: (targetId: string) => void = () => {}) {
  const seen = { running: 0, most: 0, begun: [] as string[] };
  const run: RunDeployment = async (target, onEvent) => {
    seen.begun.push(target.id);
    seen.running += 1;
    seen.most = Math.max(seen.most, seen.running);
    const { output, events } = aFinished({}, target.id);
    for (const event of events) onEvent(event);
    await new Promise(setImmediate);
    seen.running -= 1;
    during(target.id);
    return { executionName: `execution-of-${target.id}`, output, events };
  };
  return { run, seen };
}

describe('an order to many targets', () => {
  test('A deployment to many targets deploys to eight at a time, and to all', async () => {
    const { run, seen } = aRunner();

    const finished = await deployToTargets(run, targets(30), {
      progress: silentProgress(() => {}),
      interruption: never,
    });

    expect(seen.most).toBe(8);
    expect(finished.map(({ target }) => target.id)).toEqual(targets(30).map(({ id }) => id));
  });

  test('A deployment to many targets is reported for every target when one breaks off', async () => {
    const { run } = aRunner((id) => {
      if (id === 'web-2') throw new Error('the database is gone');
    });

    const finished = await deployToTargets(run, targets(3), {
      progress: silentProgress(() => {}),
      interruption: never,
    });

    expect(finished.map(({ output }) => output.outcome)).toEqual(['deployed', 'lost', 'deployed']);
    expect(finished[1]?.output.summary).toContain('the database is gone');
  });

  test('A deployment to many targets is not begun for further targets once interrupted, and waited for where it has begun', async () => {
    const interruption = new AbortController();
    const { run, seen } = aRunner(() => interruption.abort());

    const finished = await deployToTargets(run, targets(20), {
      progress: silentProgress(() => {}),
      interruption: interruption.signal,
    });

    expect(seen.begun).toHaveLength(8);
    expect(finished.filter(({ output }) => output.outcome === 'deployed')).toHaveLength(8);
    expect(finished.at(-1)?.output).toMatchObject({ outcome: 'rejected', reason: 'Interrupted' });
  });

  test('A deployment to many targets prints plain lines, one for each state', async () => {
    const lines: string[] = [];
    const { run } = aRunner();

    await deployToTargets(run, targets(1), {
      progress: plainProgress({ out: (line) => lines.push(line), err: () => {} }),
      interruption: never,
    });

    expect(lines).toEqual(['web-1: AcquireLock', 'web-1: Deployed', 'web-1: deployed']);
  });
});
