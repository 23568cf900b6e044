import { CfnResource, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { type Finding, resourceName, ruleName } from './explained-findings.ts';

/**
 * What the checks of AWS Solutions find in an app, acknowledged findings included. Each finding has the reason with which the
 * code acknowledges it; a finding with several reasons is listed once for each.
 */
export function nagFindings(app: IConstruct): Finding[] {
  // cdk-nag has no option for this: it reports only findings without an acknowledgement
  const checks = new AwsSolutionsChecks();
  Object.defineProperty(checks, 'isAcknowledged', { value: () => false });
  return checks.validateScope(app).violations.flatMap(({ ruleName: id, violatingResources }) =>
    violatingResources.flatMap(({ constructPath = '' }) => {
      const found = resourceAt(app, constructPath);
      const resource = resourceName(found.cfnResourceType, Stack.of(found).resolve(found.logicalId));
      const reasons = reasonsFor(found, id);
      return (reasons.length === 0 ? [''] : reasons).map((reason) => ({
        tool: 'cdk-nag',
        rule: ruleName(id),
        resource,
        reason,
      }));
    }),
  );
}

function resourceAt(app: IConstruct, path: string): CfnResource {
  const found = app.node.findAll().find(({ node }) => node.path === path);
  if (!CfnResource.isCfnResource(found)) throw new Error(`cdk-nag reports ${path}, which is not a resource.`);
  return found;
}

/** The reasons in the acknowledgements of this resource and of the constructs that contain it. */
function reasonsFor(resource: CfnResource, id: string): string[] {
  const acknowledged = resource.node.scopes
    .flatMap(({ node }) => node.metadata)
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries<string>(data))
    .filter(([key]) => key.endsWith(`::${id}`) || key === id);
  return [...new Set(acknowledged.map(([, reason]) => reason))];
}
