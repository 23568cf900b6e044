import { describe, expect, test } from 'vitest';
import { renderRollout } from '../../scripts/render-rollout.ts';
import { machine as deployTarget, type State } from './graph.ts';

const text = renderRollout();
const { States } = JSON.parse(text) as { States: Record<string, State> };
const { ItemProcessor: processor, Retry } = States.DeployWave as unknown as {
  readonly ItemProcessor: { readonly StartAt: string; readonly States: Record<string, State> };
  readonly Retry?: unknown;
};

describe('the Distributed Map of rollouts', () => {
  test('runs for each target the graph of a deployment as it stands in its own file, after a wait', () => {
    const { Splay, ...states } = processor.States;

    expect(processor.StartAt).toBe('Splay');
    expect(Splay?.Next).toBe(deployTarget.StartAt);
    expect(states).toEqual(deployTarget.States);
  });

  test('shares no name of a state with the graph around it: Step Functions refuses that', () => {
    expect(Object.keys(processor.States).filter((name) => name in States)).toEqual([]);
  });

  test('is never run again by itself: all its deployments would begin anew', () => {
    expect(Retry).toBeUndefined();
  });

  test('leaves the definition far below the megabyte that it may have', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(1_048_576 / 4);
  });
});
