import type { InstanceInformation } from '@aws-sdk/client-ssm';
import { type Finding, failed, listed, nothing, passed } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';

/** Systems by the start of their name in SSM, with the first version that has glibc 2.28 or later. Null: none has. */
const firstVersions: readonly (readonly [RegExp, number | null])[] = [
  [/^Amazon Linux AMI/, null],
  [/^Amazon Linux/, 2023],
  [/^(CentOS|Red Hat|Rocky|AlmaLinux|Oracle Linux)/, 8],
  [/^Ubuntu/, 20.04],
  [/^Debian/, 10],
  [/^(SLES|SUSE)/, 15.3],
  [/^Alpine/, null],
];

/** Finds hosts on which the agent cannot run, by the system that SSM reports. */
export function judgePlatforms(
  nodes: readonly InstanceInformation[],
  { fetchesRuntime }: { readonly fetchesRuntime: boolean },
): Finding {
  if (nodes.length === 0)
    return nothing('no host is registered with SSM', 'Correct the check "hosts" first.');
  const others = nodes.filter(({ PlatformType = 'Linux' }) => PlatformType !== 'Linux');
  const containers = nodes.filter(({ PlatformName = '' }) => PlatformName.startsWith('Bottlerocket'));
  const unusable = [...others, ...containers];
  if (unusable.length > 0) {
    return failed(
      `not supported: ${listed(unusable.map(described))}`,
      'Use a Linux host whose SSM Agent runs on the host itself: on Bottlerocket, it runs in a container.',
    );
  }
  const old = fetchesRuntime ? nodes.filter((node) => !hasCurrentLibrary(node)) : [];
  if (old.length === 0) return passed(`${counted(nodes.length, 'host')}, all with a supported system`);
  return failed(
    `the C library is too old: ${listed(old.map(described))}`,
    "The runtime needs glibc 2.28 or later. Move the hosts to a current release, or set runtime: 'host' and install Node 20.12 or later.",
  );
}

const described = ({ InstanceId, PlatformName, PlatformVersion = '', PlatformType }: InstanceInformation) =>
  `${InstanceId} (${[PlatformName ?? PlatformType, PlatformVersion].join(' ').trim()})`;

/** True also for a system that the table does not contain. */
function hasCurrentLibrary({ PlatformName = '', PlatformVersion = '' }: InstanceInformation): boolean {
  const known = firstVersions.find(([name]) => name.test(PlatformName));
  if (known === undefined) return true;
  const [, first] = known;
  const version = Number.parseFloat(PlatformVersion);
  return first !== null && !(version < first);
}
