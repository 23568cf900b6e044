/**
 * Builds dist/:
 *
 * - the agent and the agent for targets in a store, each as one .cjs file
 * - each Lambda function as one .mjs file, without the AWS SDK
 * - the command line with local mode, and the parts of the AWS SDK that functions import in local mode
 * - the CDK construct, as an ES module and for CommonJS
 * - the state machines and the SSM document
 * - the licences of all packages in these files
 *
 * The published package has no dependencies: these files contain the packages that they need.
 */
import { createHash } from 'node:crypto';
import {
  cpSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { awsSdkOfRuntime, importedSdk } from './aws-sdk-of-runtime.ts';
import { lazyParts, leaveOut, partName } from './lazy-lambda-parts.ts';
import { renderCheckDocument, renderDocument } from './render-document.ts';
import { renderRollout } from './render-rollout.ts';
import { bundledPackages, renderNotices } from './third-party-notices.ts';
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
  // THIRD-PARTY-NOTICES.txt contains the licences
  legalComments: 'none',
  // native parts of ssh2, which works without them: some installations build them
  external: ['*.node', 'cpu-features'],
};

const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const cliNode = `node${engines.node.replace('>=', '')}`;
/** The construct also runs on older versions that the CDK accepts. */
const cdkNode = 'node20';

/** The names that CommonJS packages in an ES module need. ssh2 reads `__dirname` when it loads its cipher. */
const commonJsShim = [
  "import { createRequire as __cr } from 'node:module';",
  'const require = __cr(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;',
].join(' ');

const metafiles: Metafile[] = [];

/** Builds files and records the packages that they contain. */
async function bundle(options: BuildOptions): Promise<Metafile> {
  const { metafile } = await build({ ...common, ...options, metafile: true });
  metafiles.push(metafile);
  return metafile;
}

async function buildAgents(): Promise<void> {
  await Promise.all(['agent', 'store-agent'].map(buildAgent));
  cpSync(join(root, 'agent-scripts/bootstrap.sh'), join(dist, 'agent/bootstrap.sh'));
}

async function buildAgent(name: string): Promise<void> {
  const file = join(dist, `agent/${name}.cjs`);
  await bundle({
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

/** Returns the built files. */
async function buildLambdas(): Promise<string[]> {
  const handlers = globSync('lambdas/handlers/*/*.ts', { cwd: root });
  const built = await Promise.all(handlers.map((file) => buildLambda(file, basename(file, '.ts'))));
  return built.flatMap(({ outputs }) => Object.keys(outputs));
}

function buildLambda(handler: string, name: string): Promise<Metafile> {
  const parts = lazyParts[name] ?? [];
  return bundle({
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

/** `functions` are the built functions, which local mode runs. */
async function buildCommandLine(functions: readonly string[]): Promise<void> {
  const sdk = importedSdk(functions.map((file) => readFileSync(join(root, file), 'utf8')));
  const { outputs } = await bundle({
    entryPoints: {
      'cli/main': 'cli/main.ts',
      'cli/tls-server': 'cli/demo/tls-server.ts',
      'local/lambda-worker': 'local/functions/lambda-worker.ts',
      ...sdk.entryPoints,
    },
    plugins: [sdk.plugin],
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    target: cliNode,
    mainFields: ['module', 'main'],
    minifySyntax: true,
    minifyWhitespace: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: commonJsShim },
  });
  removeOldChunks(Object.keys(outputs));
}

/** The export `certferry/cdk`. The importing app provides the CDK. */
async function buildConstruct(): Promise<void> {
  const construct: BuildOptions = {
    entryPoints: ['cdk/index.ts'],
    external: ['aws-cdk-lib', 'constructs'],
    target: cdkNode,
    mainFields: ['module', 'main'],
  };
  await bundle({
    ...construct,
    outfile: join(dist, 'cdk/index.mjs'),
    format: 'esm',
    banner: { js: commonJsShim },
  });
  await bundle({
    ...construct,
    outfile: join(dist, 'cdk/index.cjs'),
    format: 'cjs',
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
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
await Promise.all([buildAgents(), buildLambdas().then(buildCommandLine), buildConstruct()]);
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), renderNotices(bundledPackages(root, metafiles)));
