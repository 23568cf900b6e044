export interface Partition {
  /** The second part of every ARN, e.g. `aws-us-gov`. */
  readonly partition: string;
  /** The end of the host names of services, e.g. `amazonaws.com.cn`. */
  readonly dnsSuffix: string;
}

const standard: Partition = { partition: 'aws', dnsSuffix: 'amazonaws.com' };

/** By the prefix of the region, as the AWS SDKs list them. `s3_domain` in agent-scripts/bootstrap.sh has the same domains. */
const others: Readonly<Record<string, Partition>> = {
  'cn-': { partition: 'aws-cn', dnsSuffix: 'amazonaws.com.cn' },
  'us-gov-': { partition: 'aws-us-gov', dnsSuffix: 'amazonaws.com' },
  'us-iso-': { partition: 'aws-iso', dnsSuffix: 'c2s.ic.gov' },
  'us-isob-': { partition: 'aws-iso-b', dnsSuffix: 'sc2s.sgov.gov' },
  'us-isof-': { partition: 'aws-iso-f', dnsSuffix: 'csp.hci.ic.gov' },
  'eu-isoe-': { partition: 'aws-iso-e', dnsSuffix: 'cloud.adc-e.uk' },
  'eusc-': { partition: 'aws-eusc', dnsSuffix: 'amazonaws.eu' },
};

/** The partition of a region. A role, a key or a certificate can only be used within its partition. */
export function partitionOf(region: string): Partition {
  const prefix = Object.keys(others).find((each) => region.startsWith(each)) ?? '';
  return others[prefix] ?? standard;
}
