// What a stack of one's own imports.
export { Certferry, type CertferryProps } from './certferry.ts';
export { CertferryMember, type CertferryMemberProps } from './member.ts';
export { Target } from './target.ts';
