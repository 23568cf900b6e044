// The exports of the package `certferry/cdk`.
export { Certferry, type CertferryProps } from './certferry.ts';
export { CertferryMember, type CertferryMemberProps } from './member.ts';
export { Target } from './target.ts';
