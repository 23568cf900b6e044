import { TaskSummary } from '../../../core/deployment/task-input.ts';
import type { RegisteredTarget } from '../../../core/targets/registered.ts';
import type { Executions } from '../../../services/executions.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, executions, installedVersions, startedInstances } from '../../runtime/wiring.ts';
import { type Trigger, triggerOf } from '../../triggers/read-trigger.ts';
import {
  isInLocationOf,
  type NewInstance,
  type RolloutStart,
  type StackLocation,
  startForVersion,
  startsForInstance,
  startsForSource,
} from '../../triggers/rollout-starts.ts';
import { newTargetsOn, type TaggedInstanceServices } from '../../triggers/tagged-instance.ts';
import { TriggerEvent } from '../../triggers/trigger-events.ts';

interface Services extends TaggedInstanceServices {
  readonly catalogue: Pick<Catalogue, 'fedBy' | 'targets' | 'targetsOfGroup' | 'currentVersion'>;
  readonly executions: Pick<Executions, 'start'>;
  readonly rolloutArn: string;
}

/**
 * Not a state: EventBridge starts it when a source has a new version, an Auto Scaling group has a new instance, or an instance
 * with tags runs. It starts a rollout of each registered certificate of that source, group or instance.
 *
 * A late, repeated or parallel call for the same change finds the execution that exists and starts nothing. Different events
 * about one version start several executions; all but the first end as already_rolled_out.
 */
export const createHandler =
  (by: Services) =>
  async (event: TriggerEvent): Promise<TaskSummary> => {
    const trigger = triggerOf(event);
    const starts = await startsOf(by, trigger);
    if (typeof starts === 'string') return { summary: `nothing to do: ${starts}` };
    // an error for one rollout must not prevent the others
    const results = await Promise.allSettled(starts.map((start) => begin(by, start)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return {
      summary: results.map((result) => (result.status === 'fulfilled' ? result.value : '')).join('; '),
    };
  };

/** The rollouts to start; or why there are none. */
async function startsOf(by: Services, trigger: Trigger): Promise<RolloutStart[] | string> {
  const stack = locationOf(by.rolloutArn);
  switch (trigger.type) {
    case 'none':
      return trigger.reason;
    case 'version':
      return [startForVersion(trigger)];
    case 'source': {
      const found = await Promise.all(trigger.sources.map((source) => by.catalogue.fedBy(source)));
      const certificates = [...new Set(found.flat())];
      if (certificates.length > 0) return startsForSource(trigger, certificates);
      return `no registered certificate has this source (${trigger.reason})`;
    }
    case 'instance': {
      const registered = await by.catalogue.targetsOfGroup(trigger.group);
      const targets = registered.filter((target) => isInLocationOf(trigger.instance, target, stack));
      if (targets.length > 0) return startsFor(by, trigger, targets);
      return `no target is registered on Auto Scaling group ${trigger.group} in this account and region`;
    }
    case 'tags': {
      const found = await newTargetsOn(trigger, stack, by);
      return 'reason' in found ? found.reason : startsFor(by, found.start, found.targets);
    }
  }
}

async function startsFor(
  by: Services,
  start: NewInstance,
  targets: readonly RegisteredTarget[],
): Promise<RolloutStart[]> {
  const hasCurrent = new Set<string>();
  for (const certificate of new Set(targets.map((target) => target.certificate))) {
    if ((await by.catalogue.currentVersion(certificate)) !== null) hasCurrent.add(certificate);
  }
  return startsForInstance(start, targets, { stack: locationOf(by.rolloutArn), hasCurrent });
}

async function begin(by: Services, { name, request }: RolloutStart): Promise<string> {
  const started = await by.executions.start(by.rolloutArn, name, request);
  return `${request.certificate}: ${started === null ? 'already started' : 'started'} as ${name}`;
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
    createHandler({
      catalogue: catalogue(),
      installed: installedVersions(),
      instances: startedInstances(),
      executions: executions(),
      rolloutArn: setting('ROLLOUT_ARN'),
    }),
});
