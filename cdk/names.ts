// Permanent names: people's scripts, event patterns and hosts' histories know them. Renaming one replaces a resource.

/** The SSM document that carries a job to a host. */
export const documentName = 'certferry-agent';

/** The state machine of one deployment. Its ARN is formed from this name where asking the resource would be a circle. */
export const deployTargetName = 'certferry-deploy-target';

/** Only hosts and secrets with this tag are within reach. */
export const tag = { key: 'certferry', value: 'true' } as const;
