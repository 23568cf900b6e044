/** Whether the daemon loaded the files, as far as it reports this. `detail` is one sentence for the operator. */
export interface ActivationResult {
  readonly ok: boolean;
  readonly detail: string;
  /** The daemon did not load the files and certainly still uses the previous ones: it refused, or got no request. */
  readonly keptPrevious?: boolean;
}

/**
 * What a daemon keeps in memory only: for each path, the text that the daemon uses instead of the file. `why` is one
 * sentence for the operator.
 */
export type MemoryReading =
  | { readonly ok: true; readonly texts: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly why: string; readonly retry: 'later' | 'never' };

/** The reading of a daemon that uses nothing but files. `problem`, if any, is why it could not be activated. */
export function filesOnly(problem: string | null): MemoryReading {
  return problem === null ? { ok: true, texts: new Map() } : { ok: false, why: problem, retry: 'never' };
}

/**
 * What an activation may use: its deadline in seconds, and how to read an installed file. `readFile` returns null if the
 * file does not exist.
 */
export interface ActivationContext {
  readonly timeoutSeconds: number;
  readonly readFile: (path: string) => string | null;
}

/** One kind of activation. No member throws: a failure is a result. */
export interface Activator<Data> {
  /** The processes that accept connections stay the same, so there is no need to wait for the end of old workers. */
  readonly keepsProcesses?: true;
  /** Activates within the deadline. */
  run(activation: Data, context: ActivationContext): Promise<ActivationResult>;
  /** The shell command with which an operator does the same. */
  manualCommand(activation: Data): string;
  /**
   * Runs before anything changes. Reads what the daemon keeps in memory only, so that a rollback can restore it, and
   * detects activations that would fail.
   */
  readMemory?(activation: Data, context: ActivationContext): Promise<MemoryReading>;
  /** Runs before anything changes. Returns the activation with the state of the daemon that `run` compares with later. */
  recordBaseline?(activation: Data, context: ActivationContext): Promise<Data>;
}
