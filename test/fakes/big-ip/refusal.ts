// It cannot show messages that no public source quotes: those have no number of the configuration daemon.

/** An error answer: `{"code","message","errorStack":[],"apiError"}`. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function refuseUnless(condition: unknown, status: number, message: string): asserts condition {
  if (!condition) throw new Refusal(status, message);
}
