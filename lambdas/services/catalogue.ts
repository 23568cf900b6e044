import type { CertificateSource } from '../../core/deployment/source.ts';
import type { Certificate } from '../../core/rollout/certificate.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';
import type { RegisteredTarget } from '../../core/target/registered.ts';

/** Who put something into the registry. The stack removes only what the stack put there. */
export type Origin = 'stack' | 'cli';

export interface Entry<Thing> {
  readonly thing: Thing;
  readonly origin: Origin;
}

/**
 * What people have registered: certificates with their sources, and targets. The mapping from an event to the
 * certificates it concerns is data here.
 */
export interface Catalogue {
  certificate(name: string): Promise<Entry<Certificate> | null>;
  /** In the order of their names. */
  certificates(): Promise<Entry<Certificate>[]>;
  putCertificate(certificate: Certificate, origin: Origin): Promise<void>;
  removeCertificate(name: string): Promise<void>;
  /** The names of the certificates whose versions come from there; for S3 and `prefix`, from any key under `key`. */
  fedBy(source: CertificateSource): Promise<string[]>;

  target(id: string): Promise<Entry<RegisteredTarget> | null>;
  /** Of one certificate, or all; in the order of their ids. */
  targets(certificate?: string): Promise<Entry<RegisteredTarget>[]>;
  putTarget(target: RegisteredTarget, origin: Origin): Promise<void>;
  removeTarget(id: string): Promise<void>;
  /** Targets that are on this Auto Scaling group. */
  targetsOfGroup(autoScalingGroup: string): Promise<RegisteredTarget[]>;

  /** The version whose rollout ended well last; null before the first. A rollout's end sets it, in sequence order only. */
  currentVersion(certificate: string): Promise<Rollout['version'] | null>;
  setCurrentVersion(certificate: string, version: Rollout['version'], sequence: number): Promise<void>;
}
