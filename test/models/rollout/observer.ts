// Observes every written item and every change on a host, and records violations.

import type { agentLine } from '../../../core/deployment/agent-line.ts';
import { tableNames } from '../../../local/dynamodb/stack-tables.ts';
import type { Item, WriteRecord } from '../../fakes/dynamodb/documents.ts';
import { lockWatch } from '../lock/watch.ts';
import type { Execution } from './execution.ts';
import type { Json } from './graph.ts';
import type { Change, ModelJob } from './model-hosts.ts';
import { TargetChanges } from './target-changes.ts';
import type { World } from './world.ts';

/** State of a rollout's gate at the time of a deployment's request. */
export interface GateState {
  readonly closed: string | null;
  readonly openings: number;
}

/** A full rollout that finished. */
interface EndedWell {
  readonly sequence: number;
  readonly fingerprint: string;
}

export class Observer {
  readonly #world: World;
  readonly changes: TargetChanges;
  readonly controls = new Map<string, Item>();
  readonly installed = new Map<string, Item>();
  readonly history = new Map<string, Item>();
  readonly endedWell: EndedWell[] = [];
  readonly recordedRollouts = new Map<string, Json>();
  readonly locks;
  /** Executions that hold their locks, from their own point of view. */
  readonly #inside = new Set<Execution>();
  /** Executions that have held their locks at some time. */
  readonly #hadLocks = new Set<Execution>();
  /** By rollout: deployments that had requested their locks before there were too many failures. */
  readonly #underWay = new Map<string, ReadonlySet<string>>();
  readonly #openings = new Map<string, number>();
  #latest: Item = {};
  #lastHistory: Item = {};

  constructor(world: World) {
    this.#world = world;
    this.changes = new TargetChanges(world);
    this.locks = lockWatch({
      hadEnded: (arn) => this.#execution(arn)?.hadEnded ?? true,
      records: (arn) => /^(Record|Commit)/.test(this.#execution(arn)?.state ?? ''),
      onReleased: (arn) => {
        const execution = this.#execution(arn);
        if (execution !== undefined) this.#inside.delete(execution);
      },
    });
  }

  onWrite(written: WriteRecord): void {
    this.locks.onWrite(written);
    const { table, before, after } = written;
    if (table === tableNames.deployments) {
      this.#lastHistory = after;
      this.history.set(String(after.executionArn), after);
    }
    if (table !== tableNames.registry) return;
    if (after.sk === 'control' && after.id !== undefined) this.#onControl(before ?? {}, after);
    if (after.sk === 'rollouts') this.#latest = after;
    if (after.sk === 'installed') this.#onInstalled(after);
  }

  onChange(change: Change): void {
    this.changes.onChange(change);
  }

  onLine(job: ModelJob, { outcome }: Parameters<typeof agentLine>[0]): void {
    if (job.action === 'deploy') this.#world.count(`host says ${outcome}`);
  }

  /** The state of the gate for this deployment, before its function has read anything. */
  asks({ plan }: Execution): GateState {
    const id = String(plan.input.rollout ?? '');
    return { closed: this.#closed(id, plan.input.action), openings: this.#openings.get(id) ?? 0 };
  }

  begins(execution: Execution, { closed, openings }: GateState): void {
    const { plan } = execution;
    const id = String(plan.input.rollout ?? '');
    const { target, action } = plan.input as { target: { id: string; host: string }; action: string };
    this.#world.count(`${action} begun`);
    if (closed !== null && openings === (this.#openings.get(id) ?? 0)) {
      this.#problem(`${plan.name} of ${id} (${action}) began though its gate was closed: ${closed}`);
    }
    for (const other of this.#inside) {
      const its = other.plan.input.target as typeof target;
      const isBeside = its.id === target.id || its.host === target.host;
      if (other !== execution && isBeside && !other.hadEnded && !execution.hadEnded) {
        this.#problem(`${plan.name} and ${other.plan.name} are both at ${target.id} on ${target.host}`);
      }
    }
    this.#inside.add(execution);
    this.#hadLocks.add(execution);
    if (id !== '') this.changes.begins(execution, target.id, this.installed.get(target.id));
  }

  onEnded(execution: Execution): void {
    this.#inside.delete(execution);
    if (execution.plan.kind === 'rollout') this.#world.count(`rollout ${execution.status}`);
    this.#world.trace(
      `${execution.plan.name} ends ${execution.status} in ${execution.state}: ${execution.cause}`,
    );
  }

  /** ResolveCertificate has returned. */
  begun({ plan }: Execution, result: Json): void {
    const { sequence, only, repeat, version } = result.rollout as Json & { version: { fingerprint: string } };
    if (only !== null || repeat === true) return;
    for (const other of this.controls.values()) {
      const isBefore = other.id !== plan.name && other.sequence === Number(sequence) - 1;
      if (!isBefore || other.latestSequence !== undefined || other.fingerprint !== version.fingerprint)
        continue;
      const itsExecution = this.#execution(String(other.executionArn));
      const stands = other.status !== 'ended' || String(other.outcome).startsWith('finished');
      if (stands && itsExecution?.hadEnded !== true) {
        this.#problem(`${plan.name} began though ${String(other.id)} has the same version`);
      }
    }
  }

  /** EndRollout has returned. */
  recorded(execution: Execution, result: Json): void {
    const { rolloutId, outcome, counts, total } = result as { rolloutId?: string; outcome?: string } & Json;
    const control = this.controls.get(rolloutId ?? '');
    if (rolloutId === undefined || control === undefined) return;
    this.recordedRollouts.set(rolloutId, result);
    this.#world.count(`ended ${outcome}`);
    const isWhole = control.latestSequence === undefined;
    if (isWhole && outcome?.startsWith('finished')) {
      const failed = Object.entries(counts as Record<string, number>)
        .filter(([name]) => !fine.has(name))
        .reduce((sum, [, count]) => sum + count, 0);
      if (total === 0 || failed < Number(total)) {
        const { sequence, fingerprint } = control;
        this.endedWell.push({ sequence: Number(sequence), fingerprint: String(fingerprint) });
      }
    }
    if (outcome === 'rolled_back') this.changes.checkRolledBack(rolloutId);
    this.changes.checkTally(execution, result);
  }

  #execution(arn: string): Execution | undefined {
    return this.#world.executions.get(arn);
  }

  #problem(what: string): void {
    this.#world.problems.push(what);
  }

  #closed(id: string, action: unknown): string | null {
    const control = this.controls.get(id);
    if (control === undefined) return null;
    const known = Number(control.latestSequence ?? control.sequence);
    if (Number(this.#latest.sequence ?? 0) > known) return 'superseded';
    if (action === 'rollback') return control.status === 'rolling_back' ? null : String(control.status);
    if (control.status !== 'running') return String(control.status);
    return Number(control.failures) > Number(control.tolerated) ? 'too many failures' : null;
  }

  #onControl(before: Item, after: Item): void {
    const id = String(after.id);
    const hadClosed = this.#closed(id, 'deploy') ?? this.#closed(id, 'rollback');
    this.controls.set(id, after);
    this.#world.trace(
      `${id} is ${String(after.status)}, ${String(after.failures)} of ${String(after.tolerated)} failed`,
    );
    if (hadClosed !== null) this.#openings.set(id, (this.#openings.get(id) ?? 0) + 1);
    const [failed, tolerated] = [Number(after.failures ?? 0), Number(after.tolerated)];
    if (failed <= tolerated) this.#underWay.delete(id);
    if (failed <= tolerated || failed <= Number(before.failures ?? 0)) return;
    // a deployment that failed before it could request its lock has not started
    if (this.#lastHistory.fence === null) return;
    const underWay = this.#underWay.get(id);
    if (underWay === undefined) this.#underWay.set(id, this.#deploymentsUnderWay(id));
    else if (!underWay.has(String(this.#lastHistory.executionArn))) {
      this.#problem(
        `${id}: ${String(this.#lastHistory.deploymentId)} failed, though it started after too many failures`,
      );
    }
  }

  /** A stopped deployment continues after a redrive: it has already passed its gate. */
  #deploymentsUnderWay(id: string): ReadonlySet<string> {
    const started = [...this.#world.executions.values()].filter(
      (one) => (one.isRunning && one.state !== 'Splay') || this.#hadLocks.has(one),
    );
    return new Set(started.filter(({ plan }) => plan.input.rollout === id).map(({ plan }) => plan.arn));
  }

  /** The recorded version is correct or unknown. */
  #onInstalled(item: Item): void {
    const { targetId, fingerprint, outcome } = item;
    this.installed.set(String(targetId), item);
    this.#world.trace(
      `${String(targetId)} has ${String(fingerprint)} by ${String(item.rollout)}: ${String(outcome)}`,
    );
    const has = this.#world.hosts.target(String(targetId)).version?.fingerprint ?? null;
    if (fingerprint !== null && fingerprint !== has) {
      this.#problem(
        `${String(targetId)}: after ${String(outcome)} it is recorded with ${fingerprint}, not ${has}`,
      );
    }
  }
}

const fine: ReadonlySet<string> = new Set([
  'deployed',
  'deployed_unverified',
  'unchanged',
  'superseded',
  'skipped',
]);
