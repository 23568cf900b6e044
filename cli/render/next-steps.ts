import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import { type FinishedDeployment, interrupted } from '../report/deployment-report.ts';

/** Returns a certferry command line to copy, with the options of the backend (`--local` or `--stack`). */
export type OwnCommand = (command: string) => string;

type Advice = (finished: FinishedDeployment, own: OwnCommand) => string[];

/** The next steps after one outcome: those for its reason, else the general ones. */
interface AdviceByReason {
  readonly any: Advice;
  readonly reasons?: Readonly<Record<string, Advice>>;
}

const says =
  (...lines: string[]): Advice =>
  () =>
    lines;

const nothing: AdviceByReason = { any: says() };

/** What to check after a failed verification. */
const verificationChecks = {
  LeafNotServed:
    'The endpoint serves another leaf. Check for another process on the port, a worker that did not restart, or a second server block for the name.',
  EndpointUnreachable:
    'The endpoint did not answer. Check that the daemon runs and listens there, and that the probe reaches it (see probeFrom).',
  ServedUnfit:
    'The endpoint served the leaf, but clients would refuse it. Correct the intermediates (certPath with leaf and chain), or serverName and the names of the certificate.',
  Interrupted:
    'The agent was interrupted. Find out what ended it, for example the OOM killer in the kernel log. Then deploy again.',
} as const;

const noProbe =
  'The probe returned no result. Read the log of the function, or with probeFrom: host the output of the command.';

function rolledBack(...beginning: readonly string[]): AdviceByReason {
  const withChecks =
    (check: string): Advice =>
    (finished, own) => [...beginning, check, inspect(finished, own), ...probe(finished, own)];
  const reasons = Object.entries(verificationChecks).map(([reason, check]) => [reason, withChecks(check)]);
  return { any: withChecks(noProbe), reasons: Object.fromEntries(reasons) };
}

/** The next steps after each outcome, one line for each. */
const advice: Readonly<Record<DeploymentOutcome, AdviceByReason>> = {
  deployed: nothing,
  unchanged: nothing,
  validated: nothing,
  validate_unsupported: {
    any: says('The target has no check. For a target with files, a validateCommand adds one.'),
  },
  deployed_unverified: {
    any: says('The endpoint was not probed: replace "verify: none" in the targets file.'),
    reasons: {
      ProbeUnavailable: (finished, own) => [
        'The target accepts that its probe cannot be made (onProbeUnavailable). To show what is served:',
        ...probe(finished, own),
      ],
    },
  },
  deployed_unprobed: {
    any: (finished, own) => [
      'MANUAL ACTION REQUIRED: the new version is installed, and its probe could not be made. Nothing was rolled back.',
      'Check what the endpoint serves. The next drift sweep checks it too.',
      ...probe(finished, own),
      'If it serves another leaf, deploy again, or roll back:',
      `  ${own(`rollback --target ${finished.target.id}`)}`,
      inspect(finished, own),
    ],
  },
  superseded: { any: says('Nothing to do: a later deployment has replaced this one.') },
  skipped: { any: says('The rollout was halted: resume it, or start a new rollout.') },
  gone: {
    any: says('Nothing to do: the host no longer exists. If the target names it, remove the target.'),
    reasons: {
      HostDeselected: says(
        'Nothing to do: the selector of the target no longer finds the host. If the host is to have the certificate, correct its tags or its group.',
      ),
    },
  },
  rejected: {
    any: says('Correct the error above and deploy again.'),
    reasons: {
      [interrupted]: says('Deploy to the target again.'),
      NotPerformed: (finished, own) => [
        'Find out why the agent did not run: read the output of the command. Then deploy again.',
        inspect(finished, own),
      ],
      CommandUndeliverable: says(
        'Check that the host runs and that its SSM Agent is online. Then deploy again.',
      ),
      HostBusy: says('Wait for the other job on the host, or stop it. Then deploy again.'),
    },
  },
  validate_failed: {
    any: says('Correct the error that the daemon or the service reports.'),
  },
  reload_failed: {
    any: (finished, own) => [
      'The error above has the reason. On a host, the reload command shows details.',
      inspect(finished, own),
    ],
  },
  rolled_back: rolledBack(),
  rolled_back_unverified: rolledBack('MANUAL ACTION REQUIRED: check the endpoint and its daemon.'),
  rollback_failed: {
    any: repairSteps('the rollback was not confirmed, so the new version may still be installed.'),
    reasons: {
      RestoreFailed: repairSteps('the previous version could not be restored.'),
      ReloadFailed: repairSteps('the previous files are restored, but the daemon did not reload them.'),
    },
  },
  lost: {
    any: (finished, own) => [
      'The next deployment to this target completes or undoes the interrupted change. To show what is served now:',
      ...probe(finished, own),
      inspect(finished, own),
    ],
  },
  lock_unavailable: {
    any: ({ target }, own) => [
      'Another deployment held the lock of the target. List the deployments, then deploy again:',
      `  ${own(`history --target ${target.id}`)}`,
    ],
  },
};

/** The next steps for one target; empty when there is nothing to do. */
export function nextSteps(finished: FinishedDeployment, own: OwnCommand): string[] {
  const { outcome, reason } = finished.output;
  const { any, reasons = {} } = advice[outcome];
  const special = reason !== null && Object.hasOwn(reasons, reason) ? reasons[reason] : undefined;
  return (special ?? any)(finished, own);
}

function inspect({ executionName }: FinishedDeployment, own: OwnCommand): string {
  return `  ${own(`inspect ${executionName ?? 'last'}`)}`;
}

function probe({ target: { verify } }: FinishedDeployment, own: OwnCommand): string[] {
  if (verify === 'none') return [];
  const name = verify.serverName === undefined ? '' : ` --server-name ${verify.serverName}`;
  const protocol = verify.protocol === 'tls' ? '' : ` --protocol ${verify.protocol}`;
  return [`  ${own(`probe ${verify.endpoint}${name}${protocol}`)}`];
}

/** Paths and commands in full, so that an operator can copy them. No files if only the reload is missing. */
function repairSteps(problem: string): Advice {
  return (finished, own) => {
    const { repair, reason } = finished.output;
    const isCopied = reason !== 'ReloadFailed';
    const files = (isCopied ? (repair?.files ?? []) : []).map(({ path, backup }) =>
      backup === null
        ? `  ${path}: did not exist before this deployment; remove it`
        : `  ${path}: the previous content is in ${backup}`,
    );
    const commands = (repair?.commands ?? []).map((command) => `  ${command}`);
    return [
      `MANUAL ACTION REQUIRED: ${problem}`,
      ...(files.length > 0 ? ['Restore these files:', ...files] : []),
      ...(commands.length > 0 ? ['Run on the host, in this order:', ...commands] : []),
      'Then check what is served, and show the execution:',
      ...probe(finished, own),
      inspect(finished, own),
    ];
  };
}
