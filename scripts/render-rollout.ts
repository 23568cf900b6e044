import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../cdk/state-machines');

/**
 * The `rollout` state machine as JSON text. Copies the states of `deploy-target` into the item processor of DeployWave. State
 * names must be unique in the result.
 */
export function renderRollout(): string {
  const rollout = JSON.parse(readFileSync(join(folder, 'rollout.asl.json'), 'utf8'));
  const child = JSON.parse(readFileSync(join(folder, 'deploy-target.asl.json'), 'utf8'));
  const processor = rollout.States.DeployWave.ItemProcessor;
  const duplicates = Object.keys(child.States).filter(
    (name) => name in rollout.States || name in processor.States,
  );
  if (duplicates.length > 0)
    throw new Error(`Both state machines have a state named ${duplicates.join(', ')}. Rename one of them.`);
  Object.assign(processor.States, child.States);
  return `${JSON.stringify(rollout, null, 2)}\n`;
}
