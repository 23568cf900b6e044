// Permanent names: people's scripts, event patterns and hosts' histories know them. Renaming one replaces a resource.

/** The SSM document that carries a job to a host. */
export const documentName = 'certferry-agent';

/** The state machine of one deployment. Its ARN is formed from this name where asking the resource would be a circle. */
export const deployTargetName = 'certferry-deploy-target';

/** The state machine of a rollout. Its ARN is formed from this name: the functions that it calls know it too. */
export const rolloutName = 'certferry-rollout';

/** The label of the rollout's Distributed Map: its deployments are executions of `certferry-rollout/DeployWave`. */
export const waveLabel = 'DeployWave';

/** The event bus for events that people and programs send, and for what member accounts hear from their hosts. */
export const eventBusName = 'certferry';

/** The role in a member account that the main account's functions assume. One of it an account. */
export const runnerRoleName = 'certferry-runner';

/** The path of our functions' roles: what a member account's role trusts. */
export const rolePath = '/certferry/';

/** Only hosts and secrets with this tag are within reach. */
export const tag = { key: 'certferry', value: 'true' } as const;
