import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, resourceName } from '../cdk/explained-findings.ts';
import { templateTools } from './programs.ts';

/** One region of each partition: a type or property that one of them lacks is a finding. */
const regions = ['eu-west-1', 'us-gov-west-1', 'cn-north-1'];

/** The lowest level is `I`, for information; by default, cfn-lint reports only errors and warnings. */
const cfnLintArguments = ['--regions', ...regions, '--include-checks', 'I']
  .concat(['--non-zero-exit-code', 'none'])
  .concat(['--format', 'json']);

/** Without `--skip-download`, checkov asks its vendor's server for descriptions of the rules. */
const checkovArguments = ['--framework', 'cloudformation', '--skip-download', '--quiet', '--compact']
  .concat(['--soft-fail', '--output', 'json'])
  .concat(['--file']);

interface CfnLintFinding {
  readonly Rule: { readonly Id: string };
  readonly Filename: string;
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

interface CheckovReport {
  readonly results: { readonly failed_checks: readonly CheckovFinding[] };
  readonly summary: Readonly<Record<'passed' | 'skipped' | 'parsing_errors', number>>;
}

interface CheckovFinding {
  readonly check_id: string;
  /** Type and logical id, with a dot between them. */
  readonly resource: string;
}

/** What cfn-lint finds in these templates. Throws if it fails. */
export function cfnLint(templates: readonly string[]): Finding[] {
  const found: readonly CfnLintFinding[] = JSON.parse(run('cfn-lint', [...cfnLintArguments, ...templates]));
  return found.map(({ Rule, Filename, Location }) => ({
    tool: 'cfn-lint',
    rule: Rule.Id,
    resource: resourceIn(Filename, Location.Path ?? []),
  }));
}

/** What checkov finds in these templates. Throws if it fails, skips a check or cannot read a template. */
export function checkov(templates: readonly string[]): Finding[] {
  const text = run('checkov', [...checkovArguments, ...templates]);
  const { results, summary }: CheckovReport = JSON.parse(text);
  const { passed, skipped, parsing_errors } = summary;
  if (passed === 0 || skipped + parsing_errors > 0)
    throw new Error(`checkov did not check everything: ${JSON.stringify(summary)}`);
  return results.failed_checks.map(({ check_id, resource }) => {
    const dot = resource.lastIndexOf('.');
    return {
      tool: 'checkov',
      rule: check_id,
      resource: resourceName(resource.slice(0, dot), resource.slice(dot + 1)),
    };
  });
}

/** The resource of a path in a template; the path itself for another part of the template. */
function resourceIn(
  template: string,
  [section = '', id = '', ...rest]: readonly (string | number)[],
): string {
  const { Resources } = JSON.parse(readFileSync(template, 'utf8'));
  if (section !== 'Resources') return [section, id, ...rest].join('/');
  return resourceName(Resources[id]?.Type, String(id));
}

/** The output of a tool, in a namespace without a network where this user may create one. */
function run(tool: string, args: readonly string[]): string {
  const [program = '', ...before] = canBeOffline ? [...offline, 'python3'] : ['python3'];
  const path = join(templateTools.folder, 'bin', tool);
  const { status, stdout, stderr, error } = spawnSync(program, [...before, path, ...args], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { PATH: process.env.PATH, PYTHONPATH: templateTools.folder, PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (status !== 0) throw new Error(`${tool} failed: ${error?.message ?? `exit ${status}: ${stderr}`}`);
  return stdout;
}

const offline = ['unshare', '--net', '--map-root-user'];
const canBeOffline = spawnSync('unshare', [...offline.slice(1), 'true']).status === 0;
