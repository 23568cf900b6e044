import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../cdk/state-machines');

/**
 * The `rollout` state machine as JSON text: its file, with the states of `deploy-target` put into the item processor of
 * DeployWave. Step Functions wants state names to be unique in the whole of it.
 */
export function renderRollout(): string {
  const rollout = JSON.parse(readFileSync(join(folder, 'rollout.asl.json'), 'utf8'));
  const child = JSON.parse(readFileSync(join(folder, 'deploy-target.asl.json'), 'utf8'));
  const processor = rollout.States.DeployWave.ItemProcessor;
  const twice = Object.keys(child.States).filter(
    (name) => name in rollout.States || name in processor.States,
  );
  if (twice.length > 0) throw new Error(`both state machines have a state named ${twice.join(', ')}`);
  Object.assign(processor.States, child.States);
  return `${JSON.stringify(rollout, null, 2)}\n`;
}
