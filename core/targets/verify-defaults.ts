/** The defaults of the waits between probes. Times are seconds. */
export interface VerifyDefaults {
  readonly attempts: number;
  readonly initialBackoffSeconds: number;
  /** The longest wait, or `initialBackoffSeconds` if a target has a longer one. */
  readonly maxBackoffSeconds: number;
}

/** The defaults of every kind of target that has none of its own in the table of kinds. */
export const usualVerifyDefaults: VerifyDefaults = {
  attempts: 3,
  initialBackoffSeconds: 1,
  maxBackoffSeconds: 16,
};
