import {
  type Authority,
  createAuthority,
  type IssuedCertificate,
  type IssueRequest,
} from '../../cli/demo/throwaway-ca.ts';

export { type Authority, createAuthority, type IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';

let shared: Promise<Authority> | undefined;

/** One authority with an intermediate (P-256) for a whole test file. */
export async function anAuthority(): Promise<Authority> {
  shared ??= createAuthority({ name: 'Test', intermediate: true });
  return await shared;
}

/** A fresh version (new key, P-256 unless told otherwise) of the shared authority. */
export async function aVersion(request: Partial<IssueRequest> = {}): Promise<IssuedCertificate> {
  const authority = await anAuthority();
  return await authority.issue({ names: ['www.example.test'], ...request });
}
