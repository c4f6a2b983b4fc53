#!/usr/bin/env node
'use strict';
// The entry that npm links: any Node can read it. What is behind it needs the Node that comes with the
// packages, so an older one hands over to that, or says what is missing.
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const NODE_MAJOR_MIN = 26;
const main = join(__dirname, '..', 'main.ts');
// The warehouse's engine occupies threads of the pool, which is sized when it is first used.
process.env.UV_THREADPOOL_SIZE = process.env.UV_THREADPOOL_SIZE || '16';

function packagedNode() {
  for (let folder = __dirname; ; folder = join(folder, '..')) {
    const path = join(folder, 'node_modules', 'node', 'bin', 'node');
    if (existsSync(path)) return path;
    if (folder === join(folder, '..')) return undefined;
  }
}

function handOver(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us: the one that works decides what comes of it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`${node} cannot be started: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

const major = Number.parseInt(process.versions.node, 10);
if (major >= NODE_MAJOR_MIN) {
  process.argv[1] = main;
  import('../main.ts').catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  });
} else {
  const node = packagedNode();
  if (node === undefined) {
    process.stderr.write(
      `Tollgate needs Node ${NODE_MAJOR_MIN} or newer, and this is ${process.version}: ` +
        'run `npm ci` in the repository, which brings the right one along.\n',
    );
    process.exitCode = 2;
  } else {
    handOver(node);
  }
}
