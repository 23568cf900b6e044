#!/usr/bin/env node
// The installed command. It starts on the first Node in PATH, so it is JavaScript that an old Node can run. It finds a Node
// that is new enough, and starts the built command.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { engines } = JSON.parse(readFileSync(join(here, '../package.json'), 'utf8'));
const minimumNode = engines.node.replace('>=', '');
const isCheckout = existsSync(join(here, 'main.ts'));
const built = join(here, '../dist/cli/main.mjs');

if (isNewEnough(process.versions.node)) await start();
else runWith(packagedNode());

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  const [minimumMajor, minimumMinor] = minimumNode.split('.').map(Number);
  return major > minimumMajor || (major === minimumMajor && minor >= minimumMinor);
}

async function start() {
  if (!existsSync(built)) {
    const remedy = isCheckout
      ? `run "npm run build" in ${join(here, '..')} first`
      : 'install certferry again';
    stop(`${built} is missing: ${remedy}.`);
  }
  await import(pathToFileURL(built).href);
}

/** The Node of the npm package "node", if it is installed in the checkout or beside certferry. */
function packagedNode() {
  try {
    const { resolve } = createRequire(import.meta.url);
    const node = join(dirname(resolve('node/package.json')), 'bin/node');
    // not the Node that runs this file
    return existsSync(node) && realpathSync(node) !== realpathSync(process.execPath) ? node : null;
  } catch {
    return null;
  }
}

function runWith(node) {
  if (node === null) {
    const remedy = isCheckout
      ? 'Run "npm ci" in the checkout, which installs a newer Node, or install one yourself.'
      : 'Install a newer Node. If you cannot, run "npm install node@24" where you installed certferry: certferry uses it.';
    stop(`certferry needs Node ${minimumNode} or newer, but this is ${process.versions.node}. ${remedy}`);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // the terminal sends Ctrl-C to the child, too; this process waits for the exit of the child
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => stop(`cannot run ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

function stop(message) {
  process.stderr.write(`certferry: ${message}\n`);
  process.exit(2);
}
