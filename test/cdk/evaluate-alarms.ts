// Which alarms of the template fire at given metrics. This does not model how CloudWatch evaluates periods and missing data;
// alarms.test.ts compares these settings.
import { resourcesOf } from './resources.ts';
import { synthesize } from './synthesized.ts';

const alarms = resourcesOf(synthesize(), 'AWS::CloudWatch::Alarm');
const nameOf = (id: string) => /Alarms([A-Za-z]+?)[0-9A-F]{8}$/.exec(id)?.[1] ?? id;

/** The alarms of the stack. */
export const alarmNames: readonly string[] = alarms.map(({ id }) => nameOf(id));

/** A metric with its value: of certferry as a log line, of AWS by the name of its resource. */
export type Published = Record<string, unknown> | { readonly aws: string; readonly of: string };

interface MetricQuery {
  readonly Expression?: string;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
    };
  };
}

/** The names of the alarms that fire. */
export function fired(published: readonly Published[]): string[] {
  return alarms.flatMap(({ id, properties }) => {
    const value = sumOf(properties.Metrics, published);
    if (value === null) return [];
    const fires =
      properties.ComparisonOperator === 'LessThanThreshold'
        ? value < properties.Threshold
        : value >= properties.Threshold;
    return fires ? [nameOf(id)] : [];
  });
}

/** All expressions of the alarms are sums. Null: no data. */
function sumOf(queries: readonly MetricQuery[], published: readonly Published[]): number | null {
  const selected = queries.map(({ Expression = '' }) => /^SELECT SUM\((\w+)\)/.exec(Expression)?.[1]);
  const values = published.flatMap((one) => [
    ...queries.flatMap(({ MetricStat }) => (MetricStat ? readMetric(MetricStat.Metric, one) : [])),
    ...selected.flatMap((name) => (name === undefined || 'aws' in one ? [] : Number(one[name] ?? 0))),
  ]);
  return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0);
}

function readMetric(
  { Namespace, MetricName, Dimensions = [] }: NonNullable<MetricQuery['MetricStat']>['Metric'],
  published: Published,
): number[] {
  if (Namespace !== 'certferry') {
    const isMeant = published.aws === MetricName && JSON.stringify(Dimensions).includes(String(published.of));
    return isMeant ? [1] : [];
  }
  const line = published as Record<string, unknown> & {
    readonly _aws?: { readonly CloudWatchMetrics: readonly { readonly Dimensions: readonly string[][] }[] };
  };
  const names = line._aws?.CloudWatchMetrics[0]?.Dimensions[0] ?? [];
  const hasDimensions =
    names.length === Dimensions.length && Dimensions.every(({ Name, Value }) => line[Name] === Value);
  const value = line[MetricName];
  return hasDimensions && typeof value === 'number' ? [value] : [];
}
