/**
 * Every time limit between the start of a rollout and the end of a program on a host, in seconds. A limit is derived from
 * the limits that it contains, so that no part can outlive the whole. docs/time-budgets.md shows this table.
 */

/** A host that does not fetch a command within this time never runs it (`TimeoutSeconds` of SendCommand). */
const queue = 120;
/** The script fetches the agent and its runtime. Includes all attempts, and the wait for another run that fetches. */
const fetch = 220;
/** A job waits at least this long for the lock of the host, also after the slowest fetch. */
const shortestLock = 20;
/** From the start of the script to the start of the job: fetching, then waiting for the lock of the host. */
const start = fetch + shortestLock;
/** Accepted difference between the clocks of the stack and of the host. */
const clock = 60;
/** From the start of the job to its result. Contains the deadlines of stores (`agent-scripts/stores/store-run.ts`). */
const work = 360;
/** The SSM Agent stops the script after this time (`timeoutSeconds` of the documents). */
const document = start + work;
/** A warm command fetches for as long as the document allows, because no job follows. The rest is for checks. */
const warm = document - 30;
/** SSM ends a command after this time, also if the host does not answer. */
const command = queue + document;
/** The timeout of most functions. The timeout of their state is shorter, so that the execution shows which state timed out. */
const quickFunction = 65;
/** A state that waits for a command: one function sends the command, and another one reports its end. */
const awaitedCommand = 900;

/** The table. A test compares it with the state machines, the SSM documents and the functions. */
export const timeBudgets = {
  queue,
  fetch,
  start,
  clock,
  /** From the signature to the time after which the host refuses the job. It covers the slowest start. */
  job: queue + start + clock,
  work,
  document,
  warm,
  command,
  /** `TimeoutSeconds` of PushBundle, ReconcileCommand, RollBack, RunOnDeployed and ProbeFromHost. */
  awaitedCommand,
  /** One run of the agent in a function (`host: lambda`). */
  agentFunction: 660,
  /** States that call one function: the function may run somewhat longer. */
  quickState: 60,
  quickFunction,
  probeState: 180,
  probeFunction: 185,
  servicesState: 240,
  servicesFunction: 245,
  judgeState: 300,
  judgeFunction: 305,
  planState: 840,
  planFunction: 850,
  /** A function that warms hosts waits this long for their commands. The rest of `planState` is for its other work. */
  warmHosts: command + 40,
  /** `TimeoutSeconds` of the state machine `deploy-target`. */
  deployment: 86_400,
  /** The part of a deployment that both probe loops may take together. */
  verification: 72_000,
} as const;
