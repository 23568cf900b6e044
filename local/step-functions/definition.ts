import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import { dist } from '../base/artefacts.ts';
import { account, region } from '../base/published-events.ts';

export type { StateMachineDefinition };

/** The machine of one deployment, as the stack deploys it. */
export function readDeployTarget(
  path = join(dist, 'state-machines/deploy-target.asl.json'),
): StateMachineDefinition {
  return substitute(readFileSync(path, 'utf8'));
}

/** The machine of rollouts, as the stack deploys it: the graph of a deployment is inside its Distributed Map. */
export function readRollout(path = join(dist, 'state-machines/rollout.asl.json')): StateMachineDefinition {
  return substitute(readFileSync(path, 'utf8'));
}

/**
 * Fills `${Partition}`, and `${AcquireLockArn}` and its like with the ARN of a function named as its folder in `dist/lambdas`.
 */
export function substitute(asl: string): StateMachineDefinition {
  const filled = asl
    .replaceAll('${Partition}', 'aws')
    .replace(
      /\$\{(\w+)Arn\}/g,
      (_, name: string) => `arn:aws:lambda:${region}:${account}:function:${kebabCase(name)}`,
    );
  return JSON.parse(filled) as StateMachineDefinition;
}

function kebabCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}
