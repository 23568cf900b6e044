import { TaskSummary } from '../../../core/deployment/task-input.ts';
import type { Executions } from '../../../services/executions.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, executions } from '../../runtime/wiring.ts';
import { type Trigger, triggerOf } from '../../triggers/read-trigger.ts';
import {
  type Home,
  type Start,
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
 * Not a state: started by EventBridge when a certificate has a new version somewhere, or an Auto Scaling group a new
 * instance. Which certificates that concerns, the catalogue says; an event that concerns none starts nothing. Called
 * again, late or twice at once for one change, it finds the execution there already; what two different announcements
 * of one version start, the rollouts themselves sort out.
 */
export const createHandler =
  (by: Services) =>
  async (event: TriggerEvent): Promise<TaskSummary> => {
    const announcement = triggerOf(event);
    const starts = await startsOf(by, announcement);
    if (starts.length === 0) return { summary: `nothing to do: ${whyNothing(announcement)}` };
    // each is tried: one that cannot be started must not keep the others from it
    const results = await Promise.allSettled(starts.map((start) => begin(by, start)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return {
      summary: results.map((result) => (result.status === 'fulfilled' ? result.value : '')).join('; '),
    };
  };

async function startsOf(by: Services, announcement: Trigger): Promise<Start[]> {
  switch (announcement.type) {
    case 'nothing':
      return [];
    case 'certificate':
      return [startForVersion(announcement)];
    case 'place': {
      const found = await Promise.all(announcement.places.map((place) => by.catalogue.fedBy(place)));
      return startsForSource(announcement, [...new Set(found.flat())]);
    }
    case 'instance': {
      const targets = await by.catalogue.targetsOfGroup(announcement.group);
      const certificates = new Set(targets.map(({ certificate }) => certificate));
      const hasCurrent = new Set<string>();
      for (const certificate of certificates) {
        if ((await by.catalogue.currentVersion(certificate)) !== null) hasCurrent.add(certificate);
      }
      return startsForInstance(announcement, targets, { home: homeOf(by.rolloutArn), hasCurrent });
    }
  }
}

async function begin(by: Services, { name, request }: Start): Promise<string> {
  const started = await by.executions.start(by.rolloutArn, name, request);
  return `${request.certificate}: ${started === null ? 'announced before' : 'started'} as ${name}`;
}

function whyNothing(announcement: Trigger): string {
  switch (announcement.type) {
    case 'nothing':
      return announcement.why;
    case 'instance':
      return `no target is on Auto Scaling group ${announcement.group} there`;
    default:
      return `no registered certificate is concerned (${'reason' in announcement ? announcement.reason : ''})`;
  }
}

/** `arn:PARTITION:states:REGION:ACCOUNT:stateMachine:NAME`: machine and stack are in one place. */
function homeOf(machineArn: string): Home {
  const [, , , region = '', account = ''] = machineArn.split(':');
  return { account, region };
}

export const handler = task('StartRollouts', {
  input: TriggerEvent,
  result: TaskSummary,
  build: () =>
    createHandler({ catalogue: catalogue(), executions: executions(), rolloutArn: setting('ROLLOUT_ARN') }),
});
