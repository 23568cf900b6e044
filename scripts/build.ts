/**
 * Builds dist/:
 *
 * - the agent and the agent for targets in a store, each as one .cjs file
 * - each Lambda function as one .mjs file, without the AWS SDK
 * - the command line with local mode
 * - the CDK construct
 * - the state machines and the SSM document
 */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { awsSdkOfRuntime } from './aws-sdk-of-runtime.ts';
import { lazyParts, leaveOut, partName } from './lazy-lambda-parts.ts';
import { renderCheckDocument, renderDocument } from './render-document.ts';
import { renderRollout } from './render-rollout.ts';
import { withoutDescriptions } from './without-descriptions.ts';
import { withoutUndici } from './without-undici.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  absWorkingDir: root,
  logLevel: 'warning',
  legalComments: 'none',
  // native parts of ssh2, which works without them: some installations build them
  external: ['*.node', 'cpu-features'],
};

/** The names that CommonJS packages in an ES module need. ssh2 reads `__dirname` when it loads its cipher. */
const commonJsShim = [
  "import { createRequire as __cr } from 'node:module';",
  'const require = __cr(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;',
].join(' ');

async function buildAgents(): Promise<void> {
  await Promise.all(['agent', 'store-agent'].map(buildAgent));
  cpSync(join(root, 'agent-scripts/bootstrap.sh'), join(dist, 'agent/bootstrap.sh'));
}

async function buildAgent(name: string): Promise<void> {
  const file = join(dist, `agent/${name}.cjs`);
  await build({
    ...common,
    entryPoints: [`agent-scripts/${name}.ts`],
    outfile: `${file}.new`,
    format: 'cjs',
    minify: true,
    // the minimum Node version of hosts that use their own Node (runtime: 'host')
    target: 'node20.12',
    plugins: [withoutUndici, withoutDescriptions],
  });
  // a command that is running may start the agent now
  renameSync(`${file}.new`, file);
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  writeFileSync(`${file}.sha256`, `${digest}\n`);
}

async function buildLambdas(): Promise<void> {
  const handlers = globSync('lambdas/handlers/*/*.ts', { cwd: root });
  await Promise.all(handlers.map((file) => buildLambda(file, basename(file, '.ts'))));
}

async function buildLambda(handler: string, name: string): Promise<void> {
  const parts = lazyParts[name] ?? [];
  await build({
    ...common,
    entryPoints: { index: handler, ...Object.fromEntries(parts.map((file) => [partName(file), file])) },
    outdir: join(dist, 'lambdas', name),
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    plugins: [awsSdkOfRuntime, withoutUndici, withoutDescriptions, leaveOut(parts)],
    banner: { js: commonJsShim },
  });
}

/** Does not bundle npm packages: the installed package has them in node_modules. */
async function buildCommandLine(): Promise<void> {
  const entries = {
    'cli/main': 'cli/main.ts',
    'cli/tls-server': 'cli/demo/tls-server.ts',
    'local/lambda-worker': 'local/functions/lambda-worker.ts',
  };
  const { metafile } = await build({
    ...common,
    metafile: true,
    entryPoints: Object.fromEntries(
      Object.entries(entries).filter(([, file]) => existsSync(join(root, file))),
    ),
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    packages: 'external',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
  removeOldChunks(Object.keys(metafile.outputs));
}

/** The export `certferry/cdk`. The importing app provides the CDK. */
async function buildConstruct(): Promise<void> {
  await build({
    ...common,
    entryPoints: ['cdk/index.ts'],
    outfile: join(dist, 'cdk/index.mjs'),
    format: 'esm',
    packages: 'external',
  });
}

/** Removes only chunks that this build did not write: a running command may still load an unchanged chunk. */
function removeOldChunks(written: readonly string[]): void {
  const folder = join(dist, 'chunks');
  const names = written.map((path) => basename(path));
  for (const file of readdirSync(folder)) {
    if (!names.includes(file)) rmSync(join(folder, file), { force: true });
  }
}

function copyStateMachines(): void {
  const built = join(dist, 'state-machines');
  mkdirSync(built, { recursive: true });
  cpSync(join(root, 'cdk/state-machines/deploy-target.asl.json'), join(built, 'deploy-target.asl.json'));
  writeFileSync(join(built, 'rollout.asl.json'), renderRollout());
}

mkdirSync(join(dist, 'agent'), { recursive: true });
copyStateMachines();
writeFileSync(join(dist, 'ssm-document.json'), renderDocument());
writeFileSync(join(dist, 'check-document.json'), renderCheckDocument());
await Promise.all([buildAgents(), buildLambdas(), buildCommandLine(), buildConstruct()]);
