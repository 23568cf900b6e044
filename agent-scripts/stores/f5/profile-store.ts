import type { Bundle } from '../../../core/deployment/version.ts';
import type { Store, StoreAccess } from '../store.ts';
import { applyPlan, validatePlan } from './apply-plan.ts';
import { collectObjects } from './created-objects.ts';
import type { Device } from './device.ts';
import { factsOfInstalled, type Installed, isInstalled, readInstalled } from './installed.ts';
import { makePlan } from './make-plan.ts';
import type { F5Plan } from './plan.ts';
import { prefixOf, uploadsOf } from './plan.ts';
import type { DeploymentContext } from './plan-states.ts';
import { readProfiles, selectedEntry } from './read-profiles.ts';
import { repairCommands } from './repair-commands.ts';
import { restorePlan } from './restore-plan.ts';

/** The profiles of one target on an open device. */
export function profileStore(device: Device, access: StoreAccess<'f5'>): Store<F5Plan> {
  const { config, targetId, deploymentId, previous } = access;
  const context: DeploymentContext = {
    device,
    config,
    uploads: uploadsOf(targetId),
    prefix: prefixOf(targetId),
  };

  async function observe() {
    const profiles = await readProfiles(device, config);
    const installed: Installed[] = [];
    for (const profile of profiles)
      installed.push(await readInstalled(device, selectedEntry(profile, config)));
    const [first] = installed;
    return {
      version: first === undefined ? null : await factsOfInstalled(first, previous),
      matches: (bundle: Bundle) => installed.every((one) => isInstalled(one, bundle)),
    };
  }

  return {
    observe,
    async plan(desired) {
      const { version } = await observe();
      const plan = await makePlan(context, `${prefixOf(targetId)}${deploymentId}`, desired);
      return { plan, previousVersion: version, warnings: [] };
    },
    validate: (plan, desired) => validatePlan(context, plan, desired),
    apply: (plan, desired) => applyPlan(context, plan, desired),
    restore: (plan) => restorePlan(context, plan),
    collect: (kept) => collectObjects(context, kept),
    repair: (plan) => repairCommands(plan, context),
    close: () => device.close(),
  };
}
