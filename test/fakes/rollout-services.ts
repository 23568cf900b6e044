// Not simulated: conditions of DynamoDB and files in S3 (services have tests of their own), and parallel callers.
import { randomUUID } from 'node:crypto';
import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import type { Source } from '../../core/deployment/source.ts';
import type { Certificate } from '../../core/registry/certificate.ts';
import type { Approval, MapResult, Rollout } from '../../core/rollout/rollout.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { FoundHost } from '../../services/fleet/find-hosts.ts';
import { createCommandLine } from '../../services/notify/command-lines.ts';
import type { Message } from '../../services/notify/sns-messages.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';
import type { ApprovalRequest } from '../../services/rollouts/approval-requests.ts';
import type { BeginResult } from '../../services/rollouts/begin-rollout.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import type { JudgedWave, WavePlan, WaveResult } from '../../services/rollouts/wave-files.ts';
import { fakeExecutions } from './executions.ts';
import { settableClock } from './settable-clock.ts';
import { fakeWarming } from './warming.ts';

/** As in a stack. */
export const commandLine = createCommandLine({
  backend: '--stack Certferry --region eu-west-1',
  targets: '',
  version: '',
});

/** Everything that the tasks of a rollout are given, in memory. A test writes into the maps and lists directly. */
export function fakeRolloutServices() {
  const sentMessages: Message[] = [];
  const counted: string[] = [];
  const clock = settableClock();
  const messages = { send: async (message: Message) => void sentMessages.push(message), commandLine };
  return {
    catalogue: fakeCatalogue(),
    clock,
    counted,
    executions: fakeExecutions(),
    files: fakeFiles(),
    fleet: fakeFleet(),
    installed: fakeInstalled(),
    messages,
    metrics: { ended: (outcome: string) => void counted.push(outcome) },
    random: () => 0.5,
    newPlan: fakePlans(),
    rollouts: fakeRollouts(),
    rolloutArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout',
    sentMessages,
    warming: fakeWarming({ clock, messages }),
  };
}
export type FakeRolloutServices = ReturnType<typeof fakeRolloutServices>;

function fakeCatalogue() {
  const known = new Map<string, Certificate>();
  const registered: RegisteredTarget[] = [];
  const current = new Map<string, { version: Rollout['version']; sequence: number }>();
  const entry = <Thing>(thing: Thing) => ({ thing, origin: 'cli' as const });
  return {
    known,
    registered,
    current,
    async certificate(name: string) {
      const found = known.get(name);
      return found === undefined ? null : entry(found);
    },
    certificates: async () => [...known.values()].map(entry),
    targets: async (certificate?: string) =>
      registered.filter((one) => certificate === undefined || one.certificate === certificate).map(entry),
    currentVersion: async (name: string) => current.get(name)?.version ?? null,
    async setCurrentVersion(name: string, version: Rollout['version'], sequence: number) {
      current.set(name, { version, sequence });
    },
  };
}

/** Hosts by the JSON of their selector; one that is named and not known is found, but not online. */
function fakeFleet() {
  const hosts = new Map<string, FoundHost[]>();
  const asked: string[] = [];
  return {
    hosts,
    asked,
    async resolve(selector: RegisteredTarget['host']): Promise<FoundHost[]> {
      const key = JSON.stringify(selector);
      asked.push(key);
      const named = typeof selector === 'string' ? [{ host: selector, address: null, online: false }] : [];
      return hosts.get(key) ?? named;
    },
  };
}

function fakeInstalled() {
  const has = new Map<string, InstalledVersion>();
  const wants = new Map<string, string | null>();
  return {
    has,
    wants,
    desiredOf: async () => wants,
    of: async (ids: readonly string[]) =>
      new Map(
        ids.flatMap((id): [string, InstalledVersion][] => {
          const found = has.get(id);
          return found === undefined ? [] : [[id, found]];
        }),
      ),
  };
}

function fakePlans() {
  let plans = 0;
  return () => {
    plans += 1;
    return `plan-${plans}`;
  };
}

function fakeFiles() {
  const items = new Map<string, readonly DeploymentRequest[]>();
  const results = new Map<string, readonly WaveResult[]>();
  const judged = new Map<string, JudgedWave>();
  const at = (key: string) => ({ bucket: 'work', key });
  return {
    items,
    judgedWaves: judged,
    /** What a Map's answer is, once its deployments have ended so. */
    ended(ends: readonly WaveResult[]): MapResult {
      const Key = `${randomUUID()}/manifest.json`;
      results.set(Key, ends);
      return { MapRunArn: 'arn:map-run', ResultWriterDetails: { Bucket: 'work', Key } };
    },
    locationsOf: ({ rolloutId, wave, plan }: WavePlan) => ({
      items: at(`rollouts/${rolloutId}/wave-${wave}/items-${plan}.json`),
      results: at(`rollouts/${rolloutId}/wave-${wave}/results`),
    }),
    async writeItems({ key }: { key: string }, requests: readonly DeploymentRequest[]) {
      items.set(key, requests);
    },
    async readItems({ key }: { key: string }) {
      const found = items.get(key);
      if (found === undefined) throw new Error(`${key} is not there`);
      return [...found];
    },
    async readResults({ ResultWriterDetails: { Key } }: MapResult) {
      return [...(results.get(Key) ?? [])];
    },
    async writeJudged(id: string, wave: JudgedWave) {
      judged.set(`${id}/${wave.number}`, wave);
    },
    async judged(id: string, upTo: number) {
      const numbers = Array.from({ length: upTo }, (_, index) => index + 1);
      return numbers.flatMap((number) => judged.get(`${id}/${number}`) ?? []);
    },
  };
}

type Mutable = { -readonly [Key in keyof RolloutControl]: RolloutControl[Key] };

function fakeRollouts() {
  const controls = new Map<string, Mutable>();
  const begun: Omit<Rollout, 'sequence'>[] = [];
  const repeats: boolean[] = [];
  const closed: string[] = [];
  const existing = new Map<string, { rolloutId: string; fingerprint: string }>();
  const requests = new Map<string, ApprovalRequest>();
  const decisions: ({ request: ApprovalRequest } & Approval)[] = [];
  const deployedSources = new Map<string, Source>();
  const change = (id: string, changed: Partial<RolloutControl>) => {
    const control = controls.get(id);
    if (control !== undefined) Object.assign(control, changed);
    return control !== undefined;
  };
  return {
    controls,
    begun,
    closed,
    existingRollouts: existing,
    /** Where the bytes of a version are, by its fingerprint. */
    deployedSources,
    repeats,
    requests,
    decisions,
    /** What `begin` decisions next; without a version it is the one that was asked for. */
    next: { type: 'started', sequence: 1 } as
      | BeginResult
      | { readonly type: 'started'; readonly sequence: number },
    async begin(
      rollout: Omit<Rollout, 'sequence'>,
      { repeat }: { repeat: boolean; onlyNew?: boolean },
    ): Promise<BeginResult> {
      begun.push(rollout);
      repeats.push(repeat);
      return {
        ...(this.next.type === 'started' && { version: rollout.version }),
        ...this.next,
      } as BeginResult;
    },
    sourceOf: async (_certificate: string, fingerprint: string) => deployedSources.get(fingerprint) ?? null,
    /** The full rollout that runs; null if none does. */
    full: null as RolloutControl | null,
    async runningFull(): Promise<RolloutControl | null> {
      return this.full;
    },
    control: async (id: string) => controls.get(id) ?? null,
    setTolerated: async (id: string, tolerated: number) => void change(id, { tolerated }),
    async halt(id: string, reason: string) {
      if (controls.get(id)?.status === 'running') change(id, { status: 'halted', reason });
      return controls.has(id);
    },
    startRollback: async (id: string) => void change(id, { status: 'rolling_back' }),
    close: async (id: string) => void closed.push(id),
    existing: async (id: string) => existing.get(id) ?? null,
    async resume(id: string, redriveCount: number) {
      const control = controls.get(id);
      if (control?.status !== 'halted' || control.redriveCount >= redriveCount) return;
      change(id, { status: 'running', failures: 0, redriveCount, reason: null });
    },
    async end(id: string, outcome: RolloutControl['outcome'], summary: string) {
      if (
        outcome === 'halted' &&
        controls.get(id)?.status === 'halted' &&
        controls.get(id)?.rollbackRequested
      )
        return;
      change(id, { ...(outcome !== 'halted' && { status: 'ended' }), outcome, summary });
    },
    async requestApproval(request: ApprovalRequest) {
      const key = `${request.rolloutId}/${request.wave}`;
      const isLatest = (requests.get(key)?.attempt ?? '') <= request.attempt;
      if (isLatest) requests.set(key, request);
      return isLatest;
    },
    approvalRequest: async (id: string, wave = 0) => requests.get(`${id}/${wave}`) ?? null,
    async recordDecision(request: ApprovalRequest, decision: Approval) {
      decisions.push({ request, ...decision });
    },
  };
}
