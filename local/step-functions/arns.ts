import { account, region } from '../base/published-events.ts';

/** The machine of one deployment, and the one of rollouts, under the names that the stack gives them. */
export const deployTarget = 'deploy-target';
export const rollout = 'certferry-rollout';

const arn = (kind: string, rest: string) => `arn:aws:states:${region}:${account}:${kind}:${rest}`;

export const stateMachineArn = (machine: string = deployTarget) => arn('stateMachine', machine);
export const executionArn = (name: string, machine: string = deployTarget) =>
  arn('execution', `${machine}:${name}`);
/** `machine` is `<machine>/<label>`: the one that the children of a Distributed Map run. */
export const mapRunArn = (machine: string, id: string) => arn('mapRun', `${machine}:${id}`);

/** Machine and name out of an execution's ARN; null for anything else. */
export function readExecutionArn(text: string): { readonly machine: string; readonly name: string } | null {
  const prefix = arn('execution', '');
  const [machine, name, ...others] = text.startsWith(prefix) ? text.slice(prefix.length).split(':') : [];
  return machine && name && others.length === 0 ? { machine, name } : null;
}

/** The machine's name out of its ARN; null for anything else. */
export function readStateMachineArn(text: string): string | null {
  const prefix = arn('stateMachine', '');
  return text.startsWith(prefix) ? text.slice(prefix.length) : null;
}

/** Is it a child of a Distributed Map? */
export const isChild = (machine: string) => machine.includes('/');
