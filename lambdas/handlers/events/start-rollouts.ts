import { TaskSummary } from '../../../core/deployment/task-input.ts';
import type { Executions } from '../../../services/executions.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, executions } from '../../runtime/wiring.ts';
import { type Trigger, triggerOf } from '../../triggers/read-trigger.ts';
import {
  type RolloutStart,
  type StackLocation,
  startForVersion,
  startsForInstance,
  startsForSource,
} from '../../triggers/rollout-starts.ts';
import { TriggerEvent } from '../../triggers/trigger-events.ts';

interface Services {
  readonly catalogue: Pick<Catalogue, 'fedBy' | 'targetsOfGroup' | 'currentVersion'>;
  readonly executions: Pick<Executions, 'start'>;
  readonly rolloutArn: string;
}

/**
 * Not a state: EventBridge starts it when a source has a new version, or an Auto Scaling group has a new instance. It starts
 * a rollout of each registered certificate of that source or group.
 *
 * A late, repeated or parallel call for the same change finds the execution that exists and starts nothing. Different events
 * about one version start several executions; all but the first end as already_rolled_out.
 */
export const createHandler =
  (by: Services) =>
  async (event: TriggerEvent): Promise<TaskSummary> => {
    const trigger = triggerOf(event);
    const starts = await startsOf(by, trigger);
    if (starts.length === 0) return { summary: `nothing to do: ${reasonForNone(trigger)}` };
    // an error for one rollout must not prevent the others
    const results = await Promise.allSettled(starts.map((start) => begin(by, start)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return {
      summary: results.map((result) => (result.status === 'fulfilled' ? result.value : '')).join('; '),
    };
  };

async function startsOf(by: Services, trigger: Trigger): Promise<RolloutStart[]> {
  switch (trigger.type) {
    case 'none':
      return [];
    case 'version':
      return [startForVersion(trigger)];
    case 'source': {
      const found = await Promise.all(trigger.sources.map((source) => by.catalogue.fedBy(source)));
      return startsForSource(trigger, [...new Set(found.flat())]);
    }
    case 'instance': {
      const targets = await by.catalogue.targetsOfGroup(trigger.group);
      const certificates = new Set(targets.map(({ certificate }) => certificate));
      const hasCurrent = new Set<string>();
      for (const certificate of certificates) {
        if ((await by.catalogue.currentVersion(certificate)) !== null) hasCurrent.add(certificate);
      }
      return startsForInstance(trigger, targets, { stack: locationOf(by.rolloutArn), hasCurrent });
    }
  }
}

async function begin(by: Services, { name, request }: RolloutStart): Promise<string> {
  const started = await by.executions.start(by.rolloutArn, name, request);
  return `${request.certificate}: ${started === null ? 'already started' : 'started'} as ${name}`;
}

function reasonForNone(trigger: Trigger): string {
  switch (trigger.type) {
    case 'none':
      return trigger.reason;
    case 'instance':
      return `no target is registered on Auto Scaling group ${trigger.group} in this account and region`;
    default:
      return `no registered certificate has this source (${'reason' in trigger ? trigger.reason : ''})`;
  }
}

/** The location in `arn:PARTITION:states:REGION:ACCOUNT:stateMachine:NAME`, which is also that of the stack. */
function locationOf(machineArn: string): StackLocation {
  const [, , , region = '', account = ''] = machineArn.split(':');
  return { account, region };
}

export const handler = task('StartRollouts', {
  input: TriggerEvent,
  result: TaskSummary,
  build: () =>
    createHandler({ catalogue: catalogue(), executions: executions(), rolloutArn: setting('ROLLOUT_ARN') }),
});
