// Four real nodes with the sample directory, one of which serves the page.
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const members = [
  { partner: 'pl-latarnia', name: 'Fundacja Latarnia', country: 'PL' },
  { partner: 'lv-drosme', name: 'Centrs Drosme', country: 'LV' },
  { partner: 'al-streha', name: 'Qendra Streha', country: 'AL' },
  { partner: 'co-amparo', name: 'Fundación Amparo', country: 'CO' },
];

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

// Asks again until `condition` holds; what it was that did not come true is in the error.
export async function eventually(what, condition, milliseconds = 30_000) {
  const end = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Consortium {
  constructor(bin) {
    this.bin = bin;
    this.folder = mkdtempSync(path.join(tmpdir(), 'cairn-page-'));
    this.chain = path.join(this.folder, 'charter.chain');
    this.key = path.join(this.folder, 'governor.pem');
    this.nodes = [];
  }

  cairn(...args) { return run(path.join(this.bin, 'cairn'), args, { maxBuffer: 64 * 1024 * 1024 }); }
  data(partner) { return path.join(this.folder, partner); }
  at(partner, ...args) { return this.cairn('--data', this.data(partner), ...args); }

  async found() {
    await this.cairn('charter', 'key', '--out', this.key);
    await this.cairn('charter', 'init', '--consortium', 'page', '--name', 'Page test', '--threshold', '1', '--governor', `secretariat=${this.key}.pub`, '--out', this.chain);
    this.port = await freePort();
    for (const { partner, name, country } of members) {
      const http = partner === members[0].partner ? ['--http', `127.0.0.1:${this.port}`] : [];
      await this.cairn('node', 'init', '--data', this.data(partner), '--partner', partner, '--name', name, '--country', country, '--listen', `127.0.0.1:${await freePort()}`, ...http);
    }
    await this.cairn('charter', 'admit', this.chain, ...members.map((one) => path.join(this.data(one.partner), 'join-request')));
    await this.cairn('charter', 'sign', this.chain, '--key', this.key);
    for (const { partner } of members) copyFileSync(this.chain, path.join(this.data(partner), 'charter.chain'));
  }

  start(partner) {
    const log = openSync(`${this.data(partner)}.log`, 'a');
    this.nodes.push(spawn(path.join(this.bin, 'cairnd'), ['--data', this.data(partner)], { stdio: ['ignore', log, log] }));
    const ready = () => readFileSync(`${this.data(partner)}.log`, 'utf8').includes('cairnd ready');
    return eventually(`node of ${partner}`, ready).catch((error) => { throw new Error(error.message + '\n' + readFileSync(`${this.data(partner)}.log`, 'utf8')); });
  }

  async startAll() { await Promise.all(members.map(({ partner }) => this.start(partner))); }

  async publishSamples(samples) {
    await Promise.all(members.map(({ partner }) => {
      const folder = path.join(samples, partner);
      return this.at(partner, 'publish', ...readdirSync(folder).map((name) => path.join(folder, name)));
    }));
  }

  // Records as Cairn's JSON lines.
  async publish(partner, records) {
    const file = path.join(this.folder, 'more.jsonl');
    writeFileSync(file, records.map((one) => JSON.stringify(one)).join('\n') + '\n');
    await this.at(partner, 'publish', file);
  }

  // A new version of the charter, in force everywhere.
  async govern(command, ...args) {
    await this.cairn('charter', command, this.chain, ...args);
    await this.cairn('charter', 'sign', this.chain, '--key', this.key);
    await this.at(members[0].partner, 'charter', 'submit', this.chain);
  }

  get address() { return `http://127.0.0.1:${this.port}`; }
  async json(pathAndQuery) { return (await fetch(this.address + pathAndQuery)).json(); }

  async stop() {
    for (const node of this.nodes) node.kill('SIGTERM');
    await Promise.all(this.nodes.map((node) => node.exitCode !== null || new Promise((resolve) => {
      const hard = setTimeout(() => node.kill('SIGKILL'), 5000);
      node.once('exit', () => { clearTimeout(hard); resolve(); });
    })));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const folderFor = (folder) => { mkdirSync(folder, { recursive: true }); return folder; };
