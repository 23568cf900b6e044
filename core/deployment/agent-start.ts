/**
 * Exit codes of the script in the SSM document that prove that the agent did not start, by the convention of env(1).
 * `bootstrap.sh` refused, or a program could not be executed, or was not found. The agent and Node end with none of them. No
 * command of a target can choose the exit code of the agent.
 */
export const notStartedCodes = { refused: 125, notExecutable: 126, notFound: 127 } as const;

const codes: ReadonlySet<number> = new Set(Object.values(notStartedCodes));

/** Whether the exit code proves that the agent did not start. False if the code is unknown. */
export const agentDidNotStart = (exitCode: number | null): boolean =>
  exitCode !== null && codes.has(exitCode);
