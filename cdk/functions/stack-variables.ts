import { limits } from '../../core/limits.ts';
import type { Permission } from '../grants/permissions.ts';
import type { Functions } from './functions.ts';
import { type Task, type TaskName, tasks } from './tasks.ts';

/** The settings of the stack that functions read from their environment: properties of the construct. */
export interface StackSettings {
  readonly fipsEndpoints?: boolean;
  readonly commandsPerSecond?: number;
  readonly defaultStrategy?: object;
  readonly historyRetentionDays?: number;
  readonly onHostKeyChange?: string;
  readonly network?: object;
  readonly maximumFenceStep?: number;
}

/** Sets the environment variables of these settings. */
export function setVariables(functions: Functions, props: StackSettings): void {
  const { commandsPerSecond, defaultStrategy, historyRetentionDays } = props;
  if (props.fipsEndpoints === true) functions.setVariableOfAll('AWS_USE_FIPS_ENDPOINT', 'true');
  if (defaultStrategy !== undefined) {
    functions.setVariable(['resolve-certificate'], 'DEFAULT_STRATEGY', JSON.stringify(defaultStrategy));
  }
  if (commandsPerSecond !== undefined) {
    functions.setVariable(senders, 'SEND_RATE', String(commandsPerSecond));
    functions.setVariable(senders, 'SEND_BURST', String(burstFor(commandsPerSecond)));
  }
  if (props.onHostKeyChange !== undefined) {
    functions.setVariable(completers, 'ON_HOST_KEY_CHANGE', props.onHostKeyChange);
  }
  // PushBundle calls AWS services, so it is not in the VPC of the probes
  if (props.network !== undefined) functions.setVariable(['push-bundle'], 'BASELINE_FROM', 'host');
  if (props.maximumFenceStep !== undefined) {
    functions.setVariable(['run-agent'], 'MAXIMUM_FENCE_STEP', String(props.maximumFenceStep));
  }
  if (historyRetentionDays !== undefined) {
    functions.setVariable(['record-outcome', 'release-lock'], 'HISTORY_DAYS', String(historyRetentionDays));
  }
}

/** The burst is twice the rate, so that unused capacity is not lost at once. */
const burstFor = (rate: number) =>
  Math.min(limits.sendBurst.maximum, Math.max(limits.sendBurst.minimum, Math.ceil(2 * rate)));

/** The functions with a permission. */
export const tasksWith = (permission: Permission): TaskName[] =>
  (Object.keys(tasks) as TaskName[]).filter((name) =>
    (tasks[name] as Task).permissions?.includes(permission),
  );

/** The functions that send commands, all limited by the same rate. */
export const senders = [...tasksWith('sendJobs'), ...tasksWith('sendProbes')];

/** The functions that save the key of a host with the result of its agent. */
const completers = tasksWith('completeTasks');
