// The exports of the package `certferry/cdk`.
export type { Runtime } from './agent/agent-runtime.ts';
export { Certferry, type CertferryProps } from './certferry.ts';
export type { Network } from './functions/task-function.ts';
export type { CredentialAccess } from './grants/credential-access.ts';
export type { SourceAccess, SourceBucket } from './grants/source-grants.ts';
export type * from './inputs/common-types.ts';
export type * from './inputs/constructs.ts';
export type * from './inputs/kind-types.ts';
export { CertferryMember, type CertferryMemberProps } from './member.ts';
export type { NotificationTopic } from './monitoring/notifications.ts';
export type { TableName, Tables } from './storage/tables.ts';
export { Target } from './target.ts';
