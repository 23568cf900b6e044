// Permanent names: scripts of operators, event patterns and the history on hosts contain them. A new name replaces the resource.

/** The SSM document that passes a signed job to a host. */
export const documentName = 'certferry-agent';

/** The SSM document with which a host can only probe. Its jobs have no signature. */
export const probeDocumentName = 'certferry-probe';

/** The SSM document of the agent for targets in a store. */
export const storeDocumentName = 'certferry-store-agent';

/** The SSM document with which `certferry doctor --hosts` checks a host. It takes no parameter and changes nothing. */
export const checkDocumentName = 'certferry-check-host';

/** The function that runs the agent for targets with `host: lambda`. Functions that start it build its ARN from this name. */
export const runAgentName = 'certferry-run-agent';

/** The state machine of one deployment. Code builds its ARN from this name where a reference would be circular. */
export const deployTargetName = 'certferry-deploy-target';

/** The state machine of a rollout. Functions that it calls contain its ARN, so code builds the ARN from this name. */
export const rolloutName = 'certferry-rollout';

/** The label of the rollout's Distributed Map: its deployments are executions of `certferry-rollout/DeployWave`. */
export const waveLabel = 'DeployWave';

/** The event bus for events from operators, programs and member accounts. */
export const eventBusName = 'certferry';

/** The role in a member account that functions of the main account assume. One per account. */
export const runnerRoleName = 'certferry-runner';

/** The path of the function roles. The role in a member account trusts roles with this path. */
export const rolePath = '/certferry/';

/** certferry may use only hosts and sources with this tag, except for sources that the stack lists. */
export const tag = { key: 'certferry', value: 'true' } as const;
