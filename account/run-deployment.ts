import type { DeploymentRequest, RecordedDeployment } from '../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../core/deployment/execution-event.ts';
import { CertferryError } from '../core/errors.ts';
import { memberOf, type RegisteredTarget } from '../core/targets/registered.ts';
import type { Target } from '../core/targets/target.ts';
import type { Executions } from '../services/executions.ts';
import type { Catalogue } from '../services/registry/catalogue.ts';
import type { Rollouts } from '../services/rollouts/rollout-store.ts';
import { recordedIn } from './executions/inspect-execution.ts';
import type { HostsOf } from './find-hosts.ts';
import { nameIn, newExecutionName } from './stack/arns.ts';

/** What is asked of every target; `version` is null for a way back. */
export type Order = Pick<DeploymentRequest, 'action' | 'version'>;

/** A deployment that has ended. */
export interface CarriedDeployment {
  readonly executionName: string;
  readonly output: RecordedDeployment;
  readonly events: readonly ExecutionEvent[];
}

interface Services {
  readonly catalogue: Pick<Catalogue, 'target' | 'currentVersion'>;
  readonly hostsOf: HostsOf;
}

/**
 * Registered targets, each on the hosts it has now. Throws NoTargets for one that is not registered, is for another
 * certificate than the one named, or has no host.
 */
export async function membersOf(
  { catalogue, hostsOf }: Services,
  ids: readonly string[],
  certificate?: string,
): Promise<readonly [Target, ...Target[]]> {
  const members: Target[] = [];
  for (const id of new Set(ids)) {
    const entry = await catalogue.target(id);
    if (entry === null)
      throw noTargets(`there is no target ${id}: "certferry targets list" has those there are`);
    const { thing } = entry;
    if (certificate !== undefined && thing.certificate !== certificate) {
      throw noTargets(`target ${id} has the certificate ${thing.certificate}, not ${certificate}`);
    }
    members.push(...(await onItsHosts(thing, hostsOf)));
  }
  const [first, ...others] = members;
  if (first === undefined) throw noTargets(`no host was found for ${[...ids].join(', ')}`);
  return [first, ...others];
}

async function onItsHosts(registered: RegisteredTarget, hostsOf: HostsOf): Promise<Target[]> {
  const hosts = await hostsOf(registered);
  return hosts.map((host) => {
    const member = memberOf(registered, host);
    if (member !== null) return member;
    throw noTargets(
      `host ${host.host} of target ${registered.id} has no address that {host} could stand for`,
    );
  });
}

const noTargets = (why: string) => new CertferryError('NoTargets', why);

/**
 * The version whose rollout ended well last, or with a fingerprint one that a rollout has carried. Throws
 * UnknownCertificate where there is none.
 */
export async function versionOf(
  { catalogue, rollouts }: Pick<Services, 'catalogue'> & { readonly rollouts: Pick<Rollouts, 'sourceOf'> },
  certificate: string,
  fingerprint: string | null,
): Promise<NonNullable<DeploymentRequest['version']>> {
  const current = await catalogue.currentVersion(certificate);
  if (fingerprint !== null && current?.fingerprint !== fingerprint) {
    const source = await rollouts.sourceOf(certificate, fingerprint);
    if (source !== null) return { fingerprint, source };
    throw new CertferryError(
      'UnknownCertificate',
      `no rollout of ${certificate} that is remembered has carried ${fingerprint}`,
    );
  }
  if (current !== null) return { fingerprint: current.fingerprint, source: current.source };
  throw new CertferryError(
    'UnknownCertificate',
    `no version of ${certificate} has been rolled out yet: begin with "certferry rollout --certificate ${certificate}"`,
  );
}

/** Starts an execution of `deploy-target` for each target it is given, and follows it to its end. */
export function carrierOf(
  order: Order,
  by: {
    readonly executions: Pick<Executions, 'start'>;
    readonly machineArn: string;
    readonly follow: (arn: string, onEvent: (event: ExecutionEvent) => void) => Promise<ExecutionEvent[]>;
  },
) {
  return async (target: Target, onEvent: (event: ExecutionEvent) => void): Promise<CarriedDeployment> => {
    const name = newExecutionName(target.id, new Date());
    const request = { target, ...order } satisfies DeploymentRequest;
    const arn = await by.executions.start(by.machineArn, name, request);
    if (arn === null) throw new CertferryError('InvalidRequest', `an execution ${name} is there already`);
    const events = await by.follow(arn, onEvent);
    const recorded = recordedIn(events);
    const output = recorded !== null && 'deploymentId' in recorded ? recorded : unrecorded(target, arn);
    return { executionName: name, output, events };
  };
}

function unrecorded(target: Target, arn: string): RecordedDeployment {
  return {
    deploymentId: nameIn(arn),
    targetId: target.id,
    outcome: 'lost',
    summary: `execution ${nameIn(arn)} ended before its outcome was recorded`,
    reason: null,
    fingerprint: null,
    previousFingerprint: null,
    fence: null,
    warnings: [],
    repair: null,
  };
}
