import { readdirSync } from 'node:fs';
import * as z from 'zod/mini';
import { ServiceError } from '../http/service-error.ts';

export const DescribeInstanceInformationInput = z.object({
  Filters: z._default(z.array(z.object({ Key: z.string(), Values: z.array(z.string()) })), []),
});

/** This machine's hosts: `local`, and each `local-<name>` as soon as it is asked for by its name. */
const ownHost = /^local(-[a-z0-9][a-z0-9-]{0,38})?$/;

/** The result of DescribeInstanceInformation: every host of this machine is online. Others are not known. */
export function describeInstances(
  { Filters }: z.infer<typeof DescribeInstanceInformationInput>,
  hosts: string,
) {
  const other = Filters.find(({ Key }) => Key !== 'InstanceIds');
  if (other !== undefined) {
    throw new ServiceError(
      'InvalidFilterKey',
      `local mode knows hosts by their ids only, not by ${other.Key}: name them local or local-<name>`,
    );
  }
  const asked = Filters.flatMap(({ Values }) => Values);
  const ids = asked.length > 0 ? asked : [...new Set(['local', ...readdirSync(hosts)])];
  const now = Date.now() / 1000;
  const known = ids.filter((id) => ownHost.test(id));
  return {
    InstanceInformationList: known.map((InstanceId) => ({
      InstanceId,
      PingStatus: 'Online',
      LastPingDateTime: now,
      PlatformType: 'Linux',
      ResourceType: 'ManagedInstance',
      IPAddress: '127.0.0.1',
      ComputerName: InstanceId,
    })),
  };
}
