import type { Template } from 'aws-cdk-lib/assertions';

/** What a template says of one resource. */
export interface Resource {
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: templates are untyped JSON, and tests look into them
  readonly properties: any;
  readonly deletionPolicy: string | undefined;
}

export interface Statement {
  readonly actions: string[];
  readonly resources: string[];
  readonly condition: unknown;
}

export function resourcesOf(template: Template, type: string): Resource[] {
  return Object.entries(template.findResources(type)).map(([id, resource]) => ({
    id,
    properties: resource.Properties,
    deletionPolicy: resource.DeletionPolicy,
  }));
}

/** The one whose properties pass; throws when it is not exactly one. */
export function theResource(template: Template, type: string, has: (found: Resource) => boolean): Resource {
  const [found, ...others] = resourcesOf(template, type).filter(has);
  if (found === undefined || others.length > 0)
    throw new Error(`${others.length + (found ? 1 : 0)} of ${type}`);
  return found;
}

/**
 * An intrinsic as text: `Fn::Join` joined, a `Ref` or `Fn::GetAtt` to a resource by the words of its path that tell it
 * apart, pseudo parameters by their name.
 */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[intrinsic, argument] = ['', '']] = Object.entries(value as object);
  if (intrinsic === 'Ref') return nameOf(argument);
  if (intrinsic === 'Fn::GetAtt') return `${nameOf(argument[0])}.${argument[1]}`;
  if (intrinsic === 'Fn::Join') return argument[1].map(textOf).join(argument[0]);
  if (intrinsic === 'Fn::Sub') return argument;
  // a part of an ARN: [6, { 'Fn::Split': [':', …] }]
  if (intrinsic === 'Fn::Select') return `${textOf(argument[1]['Fn::Split'][1])}[${argument[0]}]`;
  throw new Error(`what is ${intrinsic}?`);
}

/** A logical id without the stack's name and the hash. */
function nameOf(logicalId: string): string {
  return logicalId.startsWith('AWS::')
    ? `<${logicalId.slice('AWS::'.length)}>`
    : logicalId.replace(/^Certferry/, '').replace(/[0-9A-F]{8}$/, '');
}

/** All that a role's policies allow, action lists sorted, resources as text. */
export function allowedTo(template: Template, roleId: string): Statement[] {
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(({ properties }) => properties.Roles.some(({ Ref }: { Ref: string }) => Ref === roleId))
    .flatMap(({ properties }) => statementsOf(properties.PolicyDocument));
}

export function statementsOf(document: { Statement: Record<string, unknown>[] }): Statement[] {
  return document.Statement.map(({ Action, Resource, Condition }) => ({
    actions: [Action].flat().map(String).sort(),
    resources: [Resource].flat().map(textOf).sort(),
    condition: Condition ?? null,
  }));
}

export function theFunction(template: Template, task: string): Resource {
  return theResource(
    template,
    'AWS::Lambda::Function',
    ({ properties }) => properties.FunctionName === `certferry-${task}`,
  );
}

/** The environment variables of a function of the stack. */
export function variablesOf(template: Template, name: string): Record<string, unknown> {
  return theFunction(template, name).properties.Environment?.Variables ?? {};
}

/** Logical id of the role that a function runs under. */
export function roleOf(lambda: Resource): string {
  return lambda.properties.Role['Fn::GetAtt'][0];
}
