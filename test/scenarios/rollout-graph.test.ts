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
  test('The Map runs the graph of deploy-target.asl.json for each target, after a wait', () => {
    const { Splay, ...states } = processor.States;

    expect(processor.StartAt).toBe('Splay');
    expect(Splay?.Next).toBe(deployTarget.StartAt);
    expect(states).toEqual(deployTarget.States);
  });

  test('No state has the name of a state outside the Map, because Step Functions refuses that', () => {
    expect(Object.keys(processor.States).filter((name) => name in States)).toEqual([]);
  });

  test('The Map has no Retry, because a retry would start all deployments of the wave again', () => {
    expect(Retry).toBeUndefined();
  });

  test('The definition is smaller than a quarter of the maximum of 1 MiB', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(1_048_576 / 4);
  });
});
