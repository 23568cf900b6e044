/** Whether the daemon took the files, as far as it says; `told` is one sentence for a person. */
export interface ActivationResult {
  readonly ok: boolean;
  readonly told: string;
  /** It did not take them, and certainly goes on with what it had: it refused, or was never told. */
  readonly kept?: boolean;
}

/**
 * What a daemon holds besides its files: the text it would have read from each path, were it to read. `why` is one
 * sentence for a person.
 */
export type MemoryReading =
  | { readonly ok: true; readonly texts: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly why: string; readonly retry: 'later' | 'never' };

/** What is held by a daemon that just reads files, where `why` it could not be told of new ones is null. */
export function filesOnly(why: string | null): MemoryReading {
  return why === null ? { ok: true, texts: new Map() } : { ok: false, why, retry: 'never' };
}

/** One kind of activation. `byHand` is what a person types on the host to do the same. */
export interface Activator<Data> {
  /** The processes that accept connections stay the same ones: nobody has to wait until the old ones are gone. */
  readonly keepsProcesses?: true;
  /** Within the deadline. Never throws: a daemon that cannot be told is an answer. */
  run(activation: Data, timeoutSeconds: number): Promise<ActivationResult>;
  byHand(activation: Data): string;
  /**
   * Asked before anything is touched: what a daemon that keeps certificate and key itself holds, so that it can be put
   * back later. Also finds what could not be activated in the end (files would be put in place, and then back, for
   * nothing). Never throws.
   */
  holds?(activation: Data, timeoutSeconds: number): Promise<MemoryReading>;
  /**
   * Asked then too: the same activation, with what it has to know later of the daemon as it was before. Never throws.
   */
  note?(activation: Data, timeoutSeconds: number): Promise<Data>;
}
