/** The folders of a state folder. */
export const stateFolders = [
  'executions',
  'objects',
  'commands',
  'hosts',
  'logs',
  'runs',
  'sockets',
] as const;

/** The entries that local mode reads or writes, also those of SQLite. `token`: of earlier versions. */
const stateEntry = new RegExp(
  `^(${stateFolders.join('|')}|dynamodb.*|(job|data)-key\\.json.*|space-reserve.*|token.*)$`,
);

/**
 * The entries of an agent's home (agent-scripts/host/home.ts). As root, local mode and the agent of a stack both use
 * `/var/lib/certferry`: neither has an entry with a name of the other.
 */
const agentEntry =
  /^(bin|compiled|fetch\.lock|locks?|(keys|accepted-jobs|journal)\.json.*|reserve.*|scratch|targets)$/;

/** Whether local mode uses an entry with this name. */
export const isStateEntry = (name: string): boolean => stateEntry.test(name);

/** Whether an entry with this name belongs to the agent of a stack, so local mode leaves it as it is. */
export const isAgentEntry = (name: string): boolean => agentEntry.test(name);
