import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { partitionOf } from '../../core/partitions.ts';
import type { HostLocation } from '../../core/targets/host-location.ts';
import type { HostClients } from '../../services/fleet/find-hosts.ts';
import { once } from '../../services/once.ts';

/** Each account that has hosts gives this role to the stack: `docs/install.md`. */
const roleName = 'certferry-runner';

/** Retries for APIs that publish no rate limits: a fleet sends them many small requests. */
export const throttled = { retryMode: 'adaptive', maxAttempts: 10 } as const;

/** The clients that find hosts, in the stack's own account and region. */
export const ownClients = /* @__PURE__ */ once((): HostClients => hostClients(throttled));

const otherClients = /* @__PURE__ */ new Map<string, HostClients>();

/** The clients that find hosts in another account and region, created once for each. */
export function clientsFor(account: string, region: string): HostClients {
  const key = `${account}/${region}`;
  const clients = otherClients.get(key) ?? hostClients(configFor(account, region));
  otherClients.set(key, clients);
  return clients;
}

const ssmClients = /* @__PURE__ */ new Map<string, SSMClient>();

/** SSM alone, for functions that send jobs: EC2's client would slow their cold start. */
export function ssmAt({ account, region }: HostLocation): SSMClient {
  const key = `${account}/${region}`;
  const config = account === null || region === null ? throttled : configFor(account, region);
  const client = ssmClients.get(key) ?? new SSMClient(config);
  ssmClients.set(key, client);
  return client;
}

const checking = /* @__PURE__ */ new Map<string, HostClients>();

/** The clients that check one host. Few retries, because the deployment continues without their answer. */
export function checkingClients({ account, region }: HostLocation): HostClients {
  const key = `${account}/${region}`;
  const config = account === null || region === null ? {} : configFor(account, region);
  const clients = checking.get(key) ?? hostClients({ ...config, retryMode: 'standard', maxAttempts: 3 });
  checking.set(key, clients);
  return clients;
}

const hostClients = (config: SSMClientConfig): HostClients => ({
  ssm: new SSMClient(config),
  ec2: new EC2Client(config),
  autoScaling: new AutoScalingClient(config),
});

/** The configuration of any client for another account and region, through that account's role. */
function configFor(account: string, region: string) {
  return { ...throttled, region, credentials: credentialsIn(account, region) };
}

function credentialsIn(account: string, region: string) {
  return fromTemporaryCredentials({
    params: {
      RoleArn: `arn:${partitionOf(region).partition}:iam::${account}:role/${roleName}`,
      RoleSessionName: 'certferry',
    },
    clientConfig: { region },
  });
}
