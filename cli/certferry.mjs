#!/usr/bin/env node
// The installed command. It starts on the first Node in PATH, so it is JavaScript that an old Node can run. It finds a Node
// that is new enough, and starts the built command.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const minimumNode = [22, 13];
const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, '../dist/cli/main.mjs');

if (isNewEnough(process.versions.node)) await start();
else runWith(packagedNode());

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1]);
}

async function start() {
  if (!existsSync(built)) stop(`${built} is missing: run "npm run build" in ${join(here, '..')} first.`);
  await import(pathToFileURL(built).href);
}

/** The Node of the package "node", which npm installs with certferry. */
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
    stop(
      `certferry needs Node ${minimumNode.join('.')} or newer, but this is ${process.versions.node}. ` +
        'Run "npm ci" in the checkout, which installs a newer Node, or install one yourself.',
    );
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
