/**
 * The partitions of AWS that certferry supports, by the prefix of their regions. Source:
 * https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
 */
const partitions = [
  { prefix: 'cn-', partition: 'aws-cn', dnsSuffix: 'amazonaws.com.cn' },
  { prefix: 'us-gov-', partition: 'aws-us-gov', dnsSuffix: 'amazonaws.com' },
  { prefix: '', partition: 'aws', dnsSuffix: 'amazonaws.com' },
] as const;

export interface Partition {
  /** The second part of every ARN, e.g. `aws-us-gov`. */
  readonly partition: string;
  /** The end of the host names of services, e.g. `amazonaws.com.cn`. */
  readonly dnsSuffix: string;
}

/** The partition of a region. A role, a key or a certificate can only be used within its partition. */
export function partitionOf(region: string): Partition {
  return partitions.find(({ prefix }) => region.startsWith(prefix)) ?? partitions[2];
}
