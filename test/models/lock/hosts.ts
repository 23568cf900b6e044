// Hosts as the agent makes them: one job at a time, a fence lower than one seen is refused, a deployment that is done is
// answered again, an undo is refused once a later deployment has replaced it.

export interface ModelJob {
  readonly targetId: string;
  readonly executionArn: string;
  readonly fence: number;
  readonly action: 'deploy' | 'validate' | 'undo';
  readonly version: string;
  /** The rollout's sequence; 0 for a request of a person. */
  readonly sequence: number;
}

export type ModelAnswer =
  | {
      readonly outcome: 'applied' | 'validated' | 'restored';
      readonly version: string;
      readonly before: string;
    }
  | { readonly outcome: 'rejected' };

interface Place {
  seen: number;
  by: string;
  version: string;
  before: string;
  sequence: number;
  readonly done: Map<string, ModelAnswer>;
}

export class ModelHosts {
  readonly #places = new Map<string, Place>();
  readonly problems: string[] = [];
  refused = 0;
  obeyed = 0;

  version(targetId: string): string {
    return this.#place(targetId).version;
  }

  run(job: ModelJob): ModelAnswer {
    const place = this.#place(job.targetId);
    if (job.fence < place.seen) {
      this.refused += 1;
      return { outcome: 'rejected' };
    }
    this.obeyed += 1;
    this.#checkObeyed(job, place);
    Object.assign(place, { seen: job.fence, by: job.executionArn });
    const done = `${job.action} ${job.executionArn} ${job.fence}`;
    const answer = place.done.get(done) ?? this.#apply(job, place);
    place.done.set(done, answer);
    return answer;
  }

  #apply(job: ModelJob, place: Place): ModelAnswer {
    if (job.action === 'validate')
      return { outcome: 'validated', version: job.version, before: place.version };
    if (job.action === 'undo') {
      if (place.version === job.version) place.version = place.before;
      return { outcome: 'restored', version: place.version, before: place.version };
    }
    if (job.sequence > 0 && job.sequence < place.sequence) {
      this.problems.push(`${job.targetId}: rollout ${job.sequence} came after rollout ${place.sequence}`);
    }
    place.sequence = Math.max(place.sequence, job.sequence);
    if (place.version !== job.version) Object.assign(place, { before: place.version, version: job.version });
    return { outcome: 'applied', version: place.version, before: place.before };
  }

  #checkObeyed(job: ModelJob, { seen, by }: Place): void {
    if (job.fence === seen && by !== job.executionArn) {
      this.problems.push(`${job.targetId}: ${by} and ${job.executionArn} both have fence ${seen}`);
    }
  }

  #place(targetId: string): Place {
    const nothing = { seen: 0, by: '', version: 'none', before: 'none', sequence: 0, done: new Map() };
    const place = this.#places.get(targetId) ?? nothing;
    this.#places.set(targetId, place);
    return place;
  }
}
