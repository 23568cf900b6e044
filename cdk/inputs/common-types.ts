// Written by `node scripts/write-api.ts` from the schemas in core/. Do not edit.

import type { SourceConstruct, TargetHostConstruct } from './constructs.ts';

/** The secret or parameter that contains a credential. */
export type Credential =
  | {
      /** The name or ARN of the secret in Secrets Manager. */
      readonly secretId: string;
      /** The field of the secret, if its value is a JSON object. */
      readonly field?: string;
    }
  | {
      /** The name of the SecureString in Parameter Store. */
      readonly parameter: string;
    }
  | {
      /** A file that only its owner can read. Local mode only. */
      readonly file: string;
    };

/** How the endpoint of a target is probed after a deployment. */
export interface Verify {
  /** host:port of this one target, not of a load balancer before it. */
  readonly endpoint: string;
  /** How TLS begins: at once (tls), or after STARTTLS of this protocol. Default: tls, or the protocol of the preset. */
  readonly protocol?: 'tls' | 'smtp' | 'imap' | 'pop3' | 'sieve' | 'postgres' | 'mysql' | 'ldap';
  /** The name that the probe sends (SNI) and that the certificate must cover. Default: the host of endpoint. */
  readonly serverName?: string;
  /** Number of probes before the previous version is restored. */
  readonly attempts?: number;
  /** Seconds before the second probe. Each later wait is twice as long as the one before it. */
  readonly initialBackoffSeconds?: number;
  /** The longest wait in seconds. Default: 16, or initialBackoffSeconds if that is more. */
  readonly maxBackoffSeconds?: number;
  /** Seconds that one handshake may take. Default: 10. */
  readonly timeoutSeconds?: number;
  /** all: every address of the name must serve the certificate. any: one address is enough. Default: all. */
  readonly addresses?: 'all' | 'any';
  /** Number of handshakes with each address, all of which must succeed. Default: 12, which find a process with a third of the connections with 99 % probability; 1 for mysql. */
  readonly successThreshold?: number;
  /** Where the probe runs. Default: host for smtp on port 25, which Lambda cannot reach, else lambda. */
  readonly probeFrom?: 'lambda' | 'host';
  /** What happens after a deployment if the probe cannot be made for minutes, for example because its function is throttled. Nothing is rolled back. alert: the deployment ends as deployed_unprobed and needs attention. accept: it ends as deployed_unverified. Default: alert. */
  readonly onProbeUnavailable?: 'alert' | 'accept';
  /** true: the endpoint must also send the intermediates, in order. Default: true. */
  readonly requireChain?: boolean;
}

/** The time in which rollouts deploy to a target. */
export interface MaintenanceWindow {
  /** The days on which the window opens. Default: every day. */
  readonly days?: readonly ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[];
  /** The time at which the window opens, such as "02:30", in quotes. */
  readonly from: string;
  /** The time at which the window closes. If it is not after from, the window closes on the following day. */
  readonly to: string;
  /** The time zone of from and to, such as Europe/Paris or UTC. */
  readonly timeZone: string;
}

/** One host by its id, all hosts with tags, or the instances of an Auto Scaling group. */
export type HostSelector =
  | string
  | {
      /** Selects the hosts with every one of these tags, among the hosts with the tag certferry=true. A new host gets the current version. */
      readonly tags: Readonly<Record<string, string>>;
      /** The account of the hosts, 12 digits in quotes, if it is not the account of the stack. certferry assumes its role there. */
      readonly account?: string;
      /** The region of the hosts, if it is not the region of the stack. */
      readonly region?: string;
    }
  | {
      /** Selects the running instances of this group. A new instance gets the current version when it starts. */
      readonly autoScalingGroup: string;
      /** The account of the hosts, 12 digits in quotes, if it is not the account of the stack. certferry assumes its role there. */
      readonly account?: string;
      /** The region of the hosts, if it is not the region of the stack. */
      readonly region?: string;
    };

/** The fields of a target of every kind. */
export interface TargetProps {
  /** The name of the certificate, such as api.example.com. */
  readonly certificate: string;
  /** The host: i-…, mi-…, local for this machine, or lambda for a function of the stack. Or all hosts with some tags, or of an Auto Scaling group. */
  readonly host: HostSelector | TargetHostConstruct;
  /** true: the drift sweep deploys the current version again if the endpoint serves another certificate. Default: false. */
  readonly autoHeal?: boolean;
  /** Commands that the host runs after a verified deployment, at most 5, each for at most 60 seconds. Each is a command line without shell syntax, or a list of words. A failure is a warning and rolls nothing back. */
  readonly onDeployed?: readonly (string | readonly string[])[];
  /** The only time in which rollouts deploy to this target, unless they are urgent or the installed certificate would expire before. */
  readonly window?: MaintenanceWindow;
  /** How a deployment is verified: the endpoint that must serve the new certificate, or none for no verification. */
  readonly verify: Verify | 'none';
}

/** Where the versions of a certificate are stored. */
export type CertificateSource =
  | {
      /** The service that stores the versions: secretsmanager, acm (exportable), s3 (versioned bucket) or parameter (SecureString). */
      readonly kind: 'secretsmanager';
      /** The name or ARN of the secret. */
      readonly secretId: string;
    }
  | {
      /** The service that stores the versions: secretsmanager, acm (exportable), s3 (versioned bucket) or parameter (SecureString). */
      readonly kind: 'acm';
      /** The ARN of the ACM certificate, which must be exportable. */
      readonly certificateArn: string;
    }
  | {
      /** The service that stores the versions: secretsmanager, acm (exportable), s3 (versioned bucket) or parameter (SecureString). */
      readonly kind: 's3';
      /** The bucket, which must have versioning enabled. */
      readonly bucket: string;
      /** The key of the object in the bucket. */
      readonly key: string;
    }
  | {
      /** The service that stores the versions: secretsmanager, acm (exportable), s3 (versioned bucket) or parameter (SecureString). */
      readonly kind: 'parameter';
      /** The name of the parameter. */
      readonly name: string;
    };

/** How a rollout proceeds. */
export interface StrategyInput {
  /** How many targets have been deployed to after each wave: numbers, or percentages in quotes. The last one is "100%". */
  readonly waves?: readonly (number | string)[];
  /** Maximum number of deployments at the same time. */
  readonly maxConcurrency?: number;
  /** Each deployment of a wave starts after a random part of these seconds. */
  readonly splaySeconds?: number;
  /** The rollout halts after more failed deployments than this: a number, or a percentage in quotes. */
  readonly toleratedFailures?: number | string;
  /** Seconds between two waves. */
  readonly pauseSeconds?: number;
  /** The number of the wave after which the rollout waits for an approval, before the last wave. 0: no approval. */
  readonly approvalAfterWave?: number;
  /** Seconds to wait for the approval. After that, the rollout halts. */
  readonly approvalTimeoutSeconds?: number;
  /** stop: deployed targets keep the new version. rollback: they return to the previous version, newest wave first, unless the reason is a stale service. */
  readonly onHalt?: 'stop' | 'rollback';
  /** What happens if a service endpoint keeps serving another leaf: halt the rollout, or only report it. */
  readonly onStaleService?: 'halt' | 'report';
}

/** An endpoint of the whole service, such as a load balancer. */
export interface ServiceEndpoint {
  /** The name that the probe sends (SNI) and that the certificate must cover. Default: the host of endpoint. */
  readonly serverName?: string;
  /** Number of probes before the service counts as stale. Default: 3. */
  readonly attempts?: number;
  /** Seconds before the second probe. Each later wait is twice as long as the one before it. Default: 1. */
  readonly initialBackoffSeconds?: number;
  /** The longest wait in seconds. Default: 16, or initialBackoffSeconds if that is more. */
  readonly maxBackoffSeconds?: number;
  /** Seconds that one handshake may take. Default: 10. */
  readonly timeoutSeconds?: number;
  /** all: every address of the name must serve the certificate. any: one address is enough. Default: all. */
  readonly addresses?: 'all' | 'any';
  /** Number of handshakes with each address, all of which must succeed. Default: 12, which find a process with a third of the connections with 99 % probability; 1 for mysql. */
  readonly successThreshold?: number;
  /** lambda. For smtp on port 25 it must be explicit: Lambda reaches that port only if AWS has opened it. */
  readonly probeFrom?: 'lambda' | 'host';
  /** Without effect for a service. If it cannot be probed for minutes, the rollout halts and rolls nothing back. Default: alert. */
  readonly onProbeUnavailable?: 'alert' | 'accept';
  /** true: the endpoint must also send the intermediates, in order. Default: true. */
  readonly requireChain?: boolean;
  /** host:port of the service as clients reach it, such as its load balancer. */
  readonly endpoint: string;
  /** How TLS begins: at once (tls), or after STARTTLS of this protocol. Default: tls. */
  readonly protocol?: 'tls' | 'smtp' | 'imap' | 'pop3' | 'sieve' | 'postgres' | 'mysql' | 'ldap';
}

/** A certificate that the stack registers. */
export interface CertificateInput {
  /** The name of the certificate. Targets refer to it as their certificate. */
  readonly name: string;
  /** Where the versions of the certificate are stored. A change there starts a rollout. */
  readonly source?: CertificateSource | SourceConstruct;
  /** How a rollout proceeds. Fields that are not set have the defaults of the stack. */
  readonly strategy?: StrategyInput;
  /** Endpoints of the whole service, such as a load balancer, probed after each wave. A stale service never rolls back a target. */
  readonly serviceEndpoints?: readonly ServiceEndpoint[];
}
