export interface Partition {
  /** The second part of every ARN, e.g. `aws-us-gov`. */
  readonly partition: string;
  /** The end of the host names of services, e.g. `amazonaws.com.cn`. */
  readonly dnsSuffix: string;
  /** The domain of the console, to which the region is a subdomain; null if it is not public. */
  readonly consoleDomain: string | null;
}

const standard: Partition = {
  partition: 'aws',
  dnsSuffix: 'amazonaws.com',
  consoleDomain: 'console.aws.amazon.com',
};

/** By the prefix of the region, as the AWS SDKs list them. `s3_domain` in agent-scripts/bootstrap.sh has the same domains. */
const others: Readonly<Record<string, Partition>> = {
  'cn-': { partition: 'aws-cn', dnsSuffix: 'amazonaws.com.cn', consoleDomain: 'console.amazonaws.cn' },
  'us-gov-': {
    partition: 'aws-us-gov',
    dnsSuffix: 'amazonaws.com',
    consoleDomain: 'console.amazonaws-us-gov.com',
  },
  'us-iso-': { partition: 'aws-iso', dnsSuffix: 'c2s.ic.gov', consoleDomain: null },
  'us-isob-': { partition: 'aws-iso-b', dnsSuffix: 'sc2s.sgov.gov', consoleDomain: null },
  'us-isof-': { partition: 'aws-iso-f', dnsSuffix: 'csp.hci.ic.gov', consoleDomain: null },
  'eu-isoe-': { partition: 'aws-iso-e', dnsSuffix: 'cloud.adc-e.uk', consoleDomain: null },
  'eusc-': { partition: 'aws-eusc', dnsSuffix: 'amazonaws.eu', consoleDomain: 'console.amazonaws-eusc.eu' },
};

/** The partition of a region. A role, a key or a certificate can only be used within its partition. */
export function partitionOf(region: string): Partition {
  const prefix = Object.keys(others).find((each) => region.startsWith(each)) ?? '';
  return others[prefix] ?? standard;
}
