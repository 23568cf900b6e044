import type { InstanceInformation, SSMClient } from '@aws-sdk/client-ssm';
import { type Check, failed, listed, nothing, passed } from '../../../core/check.ts';
import { counted } from '../../../core/counted.ts';
import type { RegisteredTarget } from '../../../core/targets/registered.ts';
import { informationOf } from '../../../services/ssm/managed-nodes.ts';
import { check } from '../check.ts';
import { checkedHostIds, type HostedTarget } from '../host-checks.ts';
import { type HostFacts, readHostFacts } from './host-facts.ts';
import { type CheckedHost, hostProblems } from './host-problems.ts';
import { type HostAnswer, runOnHosts } from './run-on-hosts.ts';

/** One host of the report. If it could not be checked, `facts` is null and `reason` has a value. */
export interface HostRow {
  readonly host: string;
  readonly facts: HostFacts | null;
  readonly reason: string | null;
  /** The names of the problems, as in {@link hostProblems}. */
  readonly problems: readonly string[];
}

/** The result of `doctor --hosts`: a row for each host, and one check for each kind of problem. */
export interface HostReport {
  readonly rows: readonly HostRow[];
  readonly checks: readonly Check[];
}

/** How to run the check. */
export interface CheckHostsOptions {
  /** The document that runs `agent-scripts/check-host.sh`. Undefined: the stack is older than the document. */
  readonly documentName: string | undefined;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly onProgress: (progress: { readonly ended: number; readonly total: number }) => void;
}

/** Runs the script on all hosts of the targets in this account and region, and judges their facts. Changes nothing there. */
export async function checkHosts(
  { ssm }: { readonly ssm: SSMClient },
  hosted: readonly HostedTarget[],
  { documentName, ...options }: CheckHostsOptions,
): Promise<HostReport> {
  const name = 'hosts: reports';
  if (documentName === undefined) {
    const outdated = failed(
      'the stack has no document that checks hosts',
      'Deploy the stack again: npx cdk deploy',
    );
    return { rows: [], checks: [await check(name, async () => outdated)] };
  }
  const ids = checkedHostIds(hosted);
  let rows: HostRow[] = [];
  const reports = await check(name, async () => {
    if (ids.length === 0)
      return nothing('no host to check', 'Register a target: certferry targets apply FILE');
    const nodes = new Map((await informationOf(ssm, ids)).map((node) => [node.InstanceId ?? '', node]));
    const reachable = ids.filter((id) => unreachable(nodes.get(id)) === null);
    const answers = await runOnHosts(ssm, reachable, { documentName, ...options });
    const byHost = new Map(answers.map((answer) => [answer.host, answer]));
    rows = ids.map((host) => rowOf(host, nodes.get(host), byHost.get(host), targetsOn(host, hosted)));
    return judgeReports(rows);
  });
  const targets = new Map(ids.map((host) => [host, targetsOn(host, hosted)]));
  return { rows, checks: [reports, ...(await Promise.all(problemChecks(rows, targets)))] };
}

function unreachable(node: InstanceInformation | undefined): string | null {
  if (node === undefined) return 'not registered with SSM';
  if (node.PingStatus !== 'Online') return 'offline';
  if (node.PlatformType !== undefined && node.PlatformType !== 'Linux') return `runs ${node.PlatformType}`;
  return null;
}

const targetsOn = (host: string, hosted: readonly HostedTarget[]): RegisteredTarget[] =>
  hosted.flatMap(({ target, hosts }) => (hosts.some((one) => one.host === host) ? [target] : []));

function rowOf(
  host: string,
  node: InstanceInformation | undefined,
  answer: HostAnswer | undefined,
  targets: readonly RegisteredTarget[],
): HostRow {
  const facts = answer?.status === 'Success' ? readHostFacts(answer.output) : null;
  if (facts !== null) {
    const problems = problemEntries.flatMap(([name, { find }]) =>
      find({ host, facts, targets }) === null ? [] : [name],
    );
    return { host, facts, reason: null, problems };
  }
  const reason = unreachable(node) ?? reasonOf(answer);
  return { host, facts: null, reason, problems: [] };
}

function reasonOf(answer: HostAnswer | undefined): string {
  if (answer === undefined) return 'no answer';
  return answer.status === 'Success' ? 'its answer is incomplete' : `the command ended as ${answer.status}`;
}

const problemEntries = Object.entries(hostProblems) as [
  string,
  { find(checked: CheckedHost): string | null; readonly next: string },
][];

function judgeReports(rows: readonly HostRow[]) {
  const missing = rows.filter(({ facts }) => facts === null);
  if (missing.length === 0) return passed(`${counted(rows.length, 'host')}, all reported`);
  return failed(
    `not checked: ${listed(missing.map(({ host, reason }) => `${host} (${reason})`))}`,
    'Correct the checks "hosts" and "SSM Agent" first. For another status, read the command in Run Command of Systems Manager.',
  );
}

function problemChecks(
  rows: readonly HostRow[],
  targets: ReadonlyMap<string, readonly RegisteredTarget[]>,
): Promise<Check>[] {
  const checked = rows.flatMap(({ host, facts }) =>
    facts === null ? [] : [{ host, facts, targets: targets.get(host) ?? [] }],
  );
  if (checked.length === 0) return [];
  const ofEach = problemEntries.map(([name, { find, next }]) =>
    check(`hosts: ${name}`, async () => {
      const found = checked.flatMap((one) => {
        const words = find(one);
        return words === null ? [] : [`${one.host}: ${words}`];
      });
      return found.length === 0 ? passed(counted(checked.length, 'host')) : failed(listed(found), next);
    }),
  );
  return [...ofEach, check('hosts: one runtime', async () => oneRuntime(checked))];
}

/** A stack delivers one runtime, so hosts that fetch it need one architecture. */
function oneRuntime(checked: readonly CheckedHost[]) {
  const byArchitecture = new Map<string, string[]>();
  for (const { host, facts } of checked) {
    if (facts.runtime === 'host') continue;
    byArchitecture.set(facts.architecture, [...(byArchitecture.get(facts.architecture) ?? []), host]);
  }
  const found = [...byArchitecture].map(([name, hosts]) => `${name}: ${listed(hosts)}`).join('; ');
  if (byArchitecture.size > 1) {
    return failed(
      found,
      "A stack delivers the runtime of one architecture. Set runtime: 'host' and install Node 20.12 or later on the hosts.",
    );
  }
  return passed(found || 'each host has its own Node');
}
