// Hosts with the rules of the agent: one job at a time; a fence lower than the highest one is refused; a finished deployment
// returns its result again; an undo is refused after a later deployment.

export interface ModelJob {
  readonly targetId: string;
  readonly executionArn: string;
  readonly fence: number;
  readonly action: 'deploy' | 'validate' | 'undo';
  readonly version: string;
  /** The sequence of the rollout; 0 for a request of an operator. */
  readonly sequence: number;
}

export type ModelAnswer =
  | {
      readonly outcome: 'applied' | 'validated' | 'restored';
      readonly version: string;
      readonly previous: string;
    }
  | { readonly outcome: 'rejected' };

interface TargetState {
  highestFence: number;
  owner: string;
  version: string;
  previous: string;
  sequence: number;
  readonly done: Map<string, ModelAnswer>;
}

export class ModelHosts {
  readonly #states = new Map<string, TargetState>();
  readonly problems: string[] = [];
  refused = 0;
  obeyed = 0;

  version(targetId: string): string {
    return this.#stateOf(targetId).version;
  }

  run(job: ModelJob): ModelAnswer {
    const state = this.#stateOf(job.targetId);
    if (job.fence < state.highestFence) {
      this.refused += 1;
      return { outcome: 'rejected' };
    }
    this.obeyed += 1;
    this.#checkObeyed(job, state);
    Object.assign(state, { highestFence: job.fence, owner: job.executionArn });
    const done = `${job.action} ${job.executionArn} ${job.fence}`;
    const answer = state.done.get(done) ?? this.#apply(job, state);
    state.done.set(done, answer);
    return answer;
  }

  #apply(job: ModelJob, state: TargetState): ModelAnswer {
    if (job.action === 'validate')
      return { outcome: 'validated', version: job.version, previous: state.version };
    if (job.action === 'undo') {
      if (state.version === job.version) state.version = state.previous;
      return { outcome: 'restored', version: state.version, previous: state.version };
    }
    if (job.sequence > 0 && job.sequence < state.sequence) {
      this.problems.push(`${job.targetId}: rollout ${job.sequence} came after rollout ${state.sequence}`);
    }
    state.sequence = Math.max(state.sequence, job.sequence);
    if (state.version !== job.version)
      Object.assign(state, { previous: state.version, version: job.version });
    return { outcome: 'applied', version: state.version, previous: state.previous };
  }

  #checkObeyed(job: ModelJob, { highestFence, owner }: TargetState): void {
    if (job.fence === highestFence && owner !== job.executionArn) {
      this.problems.push(`${job.targetId}: ${owner} and ${job.executionArn} both have fence ${highestFence}`);
    }
  }

  #stateOf(targetId: string): TargetState {
    const initial = {
      highestFence: 0,
      owner: '',
      version: 'none',
      previous: 'none',
      sequence: 0,
      done: new Map(),
    };
    const state = this.#states.get(targetId) ?? initial;
    this.#states.set(targetId, state);
    return state;
  }
}
