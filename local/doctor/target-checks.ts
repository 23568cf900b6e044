import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { containsLeaf } from '../../agent-scripts/connectors/desired-change.ts';
import { resolveDestination } from '../../agent-scripts/host/destination.ts';
import { findStartProblem, runCommand } from '../../agent-scripts/host/run-command.ts';
import { epochSeconds } from '../../core/certificate/facts.ts';
import { type Check, type Finding, failed, listed, nothing, passed, performCheck } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import { expiringDays } from '../../core/drift/finding.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { asAgent, describeTargets, type LocalTarget } from './described-targets.ts';
import { notPerformed } from './not-performed.ts';

/** Null: no problem. `next` is the next step for this problem. */
type Problem = { readonly what: string; readonly next: string } | null;

/** One check of each target. `good` describes the result if there is no problem. */
interface TargetCheck {
  readonly find: (target: LocalTarget, now: Date) => Problem | Promise<Problem>;
  /** Whether there is something to check. */
  readonly applies: (target: LocalTarget) => boolean;
  readonly good: string;
  readonly empty: string;
}

const checks: Readonly<Record<string, TargetCheck>> = {
  daemons: {
    applies: ({ described }) => commandsOf(described).length > 0,
    find: ({ described }) => {
      const why = commandsOf(described)
        .map(findStartProblem)
        .find((problem) => problem !== null);
      return why == null
        ? null
        : { what: why, next: 'Install the daemon, or correct the commands of the target.' };
    },
    good: 'all programs exist',
    empty: 'no target has a command',
  },
  'configuration of daemons': {
    applies: ({ described: { validate } }) => validate !== null && findStartProblem(validate) === null,
    find: checkConfiguration,
    good: 'each daemon accepts its configuration',
    empty: 'no target has a check without a credential',
  },
  'paths of targets': {
    applies: ({ described }) => described.files.length > 0,
    find: checkPaths,
    good: 'only trusted users can change the files, and this user can',
    empty: 'no target has files',
  },
  'private keys of targets': {
    applies: ({ described }) => keysOf(described).some((path) => existsSync(path)),
    find: ({ described }) => {
      const readable = keysOf(described).find(
        (path) => existsSync(path) && (statSync(path).mode & 0o007) !== 0,
      );
      return readable === undefined
        ? null
        : {
            what: `all users can read ${readable}`,
            next: `Run: chmod o= '${readable}'. Then renew the certificate with a new key.`,
          };
    },
    good: 'not readable by all users',
    empty: 'no private key is installed',
  },
  certificates: {
    applies: (target) => leavesOf(target).length > 0,
    find: checkCertificate,
    good: `valid, and for more than ${expiringDays} days`,
    empty: 'no certificate in PEM is installed',
  },
};

/** The checks of targets on this machine: one row for each check, with the targets that fail. They change nothing. */
export async function targetChecks(registered: readonly RegisteredTarget[], now: Date): Promise<Check[]> {
  const { here, elsewhere } = await describeTargets(registered);
  const targets = await performCheck('targets', () => countTargets(here, elsewhere), notPerformed);
  if (here.length === 0) return [targets];
  const rows = Object.entries(checks).map(([name, each]) =>
    performCheck(name, () => judge(each, here, now), notPerformed),
  );
  return [targets, ...(await Promise.all(rows))];
}

function countTargets(here: readonly LocalTarget[], elsewhere: readonly string[]): Finding {
  const skipped = elsewhere.length === 0 ? '' : `; without files here: ${listed(elsewhere)}`;
  if (here.length > 0)
    return passed(`${counted(here.length, 'target')} with files on this machine${skipped}`);
  return nothing(
    `no target with files on this machine${skipped}`,
    'Deploy to a target, or name a targets file: certferry doctor --local --targets FILE',
  );
}

async function judge({ applies, find, good, empty }: TargetCheck, here: readonly LocalTarget[], now: Date) {
  const checked = here.filter(applies);
  if (checked.length === 0) return nothing(empty, 'Nothing to do.');
  const problems: { readonly id: string; readonly what: string; readonly next: string }[] = [];
  for (const one of checked) {
    const problem = await problemOf(() => find(one, now));
    if (problem !== null) problems.push({ id: one.target.id, ...problem });
  }
  const [first] = problems;
  if (first === undefined) return passed(`${counted(checked.length, 'target')}: ${good}`);
  const steps = [...new Set(problems.map(({ next }) => next))];
  return failed(listed(problems.map(({ id, what }) => `${id}: ${what}`)), steps.join(' '));
}

/** An error of one target must not hide the others. */
async function problemOf(find: () => Problem | Promise<Problem>): Promise<Problem> {
  try {
    return await find();
  } catch (error) {
    const { found, next } = notPerformed(error);
    return { what: found, next: next ?? '' };
  }
}

type Described = LocalTarget['described'];

/** The check, and the command that makes the daemon load its files. */
function commandsOf({ validate, activate }: Described): (readonly string[])[] {
  const reload = activate !== null && 'argv' in activate ? activate.argv : null;
  return [validate, reload].filter((argv) => argv !== null);
}

const keysOf = ({ files }: Described) =>
  files.filter(({ role }) => role === 'privateKey' || role === 'combined').map(({ path }) => path);

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

async function checkConfiguration({ target, described: { validate } }: LocalTarget): Promise<Problem> {
  if (validate === null) return null;
  const ended = await runCommand(validate, target.config.commandTimeoutSeconds);
  const { ending, code, output } = ended;
  if (ending === 'exited' && code === 0) return null;
  const end = ending === 'exited' ? `exit code ${code}` : ending;
  return {
    what: `${validate.join(' ')}: ${end}: ${oneLine(output).slice(-300)}`,
    next: 'Correct the configuration of the daemon: a deployment would be refused.',
  };
}

/** As the agent judges the paths before a change. */
function checkPaths({ target, described: { files } }: LocalTarget): Problem {
  return asAgent(target, () => {
    for (const { path } of files) {
      const folder = dirname(resolveDestination(path));
      try {
        accessSync(folder, constants.W_OK);
      } catch {
        return {
          what: `this user cannot write to ${folder}`,
          next: 'Deploy as root, or as the user that owns this folder.',
        };
      }
    }
    return null;
  });
}

/** The installed leaves that can be read. */
function leavesOf({ described: { files } }: LocalTarget): X509Certificate[] {
  return files.flatMap((file) => {
    if (!containsLeaf(file) || file.merge !== undefined || !existsSync(file.path)) return [];
    return [new X509Certificate(readFileSync(file.path))];
  });
}

const day = 86_400;

function checkCertificate(target: LocalTarget, now: Date): Problem {
  const seconds = now.getTime() / 1000;
  for (const { validFrom, validTo } of leavesOf(target)) {
    const left = (epochSeconds(validTo) - seconds) / day;
    if (epochSeconds(validFrom) > seconds)
      return { what: `not valid before ${validFrom}`, next: 'Check the clock of this machine: date -u' };
    if (left <= 0) return { what: `expired on ${validTo}`, next: renew };
    if (left <= expiringDays) return { what: `expires on ${validTo}`, next: renew };
  }
  return null;
}

const renew = 'Find out why the ACME client did not renew it, renew it, and deploy it.';
