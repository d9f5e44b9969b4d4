// Starts everything the story needs and stops it again: the tenant, the API
// with its database behind a recorder, DNS, nginx.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { appClients, appHosts } from './apps.mjs';
import { makeCerts } from './certs.mjs';
import { dnsServer } from './dns.mjs';
import { request, trust } from './http.mjs';
import { nginxConf } from './nginx_conf.mjs';
import { Recorder } from './recorder.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const children = [];

process.on('exit', () => children.forEach((child) => child.kill('SIGTERM')));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

function start(command, args, options = {}) {
    const env = { ...process.env, ...options.env };
    delete env.NGINX;
    const child = spawn(command, args, {
        stdio: ['ignore', 'pipe', 'inherit'], ...options, env });
    children.push(child);
    return child;
}

function firstLine(child, what) {
    return new Promise((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (chunk) => {
            text += chunk;
            if (text.includes('\n')) {
                resolve(text.slice(0, text.indexOf('\n')));
            }
        });
        child.on('exit', (code) => reject(new Error(`${what} ended: ${code}`)));
    });
}

async function stop(child) {
    if (child.exitCode === null && child.signalCode === null) {
        const late = setTimeout(() => child.kill('SIGKILL'), 30000);
        child.kill('SIGTERM');
        await new Promise((resolve) => child.on('exit', resolve));
        clearTimeout(late);
    }
}

// Below the ports that the kernel gives to clients, who would otherwise take
// one before it is used; none of them twice.
const first = 30000 + Math.floor(Math.random() * 1400);
let taken = 0;

const isFree = (port) => new Promise((resolve) => {
    const server = net.createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
});

export async function freePorts(count) {
    const ports = [];
    while (ports.length < count) {
        const port = 30000 + (first - 30000 + taken++) % 1500;
        if (await isFree(port)) {
            ports.push(port);
        }
    }
    return ports;
}

// The condition is looked at once more when the time is up: all of it may have
// been a pause of this machine.
export async function until(what, condition, seconds = 60) {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        const late = Date.now() > deadline;
        if (await condition()) {
            return;
        }
        if (late) {
            throw new Error(`not within ${seconds} s: ${what}`);
        }
        await sleep(50);
    }
}

const answers = (url) => request(url).then(() => true, () => false);

// The sample backend of conf-examples, with its own database.
async function startApi(w, roles) {
    const backend = [join(here, 'backend.py'), '--database',
        join(w.dir, 'accounts.sqlite')];
    execFileSync('python3', [...backend,
        ...roles.flatMap((role) => ['--grant', ...role])]);
    w.api = start('python3', [...backend, '--listen', '127.0.0.1:0']);
    const line = await firstLine(w.api, 'the API');
    w.recorder = new Recorder(Number(line.split(':').at(-1)));
    w.recorderPort = await w.recorder.listen();
}

// Receives the tenant's back-channel logout.
async function startLogoutReceiver(w) {
    w.logoutTokens = [];
    const server = http.createServer(async (incoming, outgoing) => {
        let body = '';
        for await (const chunk of incoming) {
            body += chunk;
        }
        w.logoutTokens.push(new URLSearchParams(body).get('logout_token'));
        outgoing.statusCode = 204;
        outgoing.end();
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    w.logoutReceiver = server;
    return `http://127.0.0.1:${server.address().port}/logged-out`;
}

async function startOp(w) {
    const backchannel = await startLogoutReceiver(w);
    w.op = start(process.execPath, [join(here, 'op.mjs'), JSON.stringify({
        issuer: w.issuer, port: w.ports.op, control: w.ports.control,
        cert: w.certs.cert, key: w.certs.key, backchannel,
        redirects: [w.callback], apps: appClients(w),
    })], { stdio: ['ignore', 'pipe', openSync(join(w.dir, 'op.log'), 'w')] });
    await firstLine(w.op, 'the OpenID Provider');
}

async function startNginx(w) {
    const conf = join(w.dir, 'nginx.conf');
    writeFileSync(conf, nginxConf(w));
    w.nginx = start(w.nginxBin,
        ['-p', w.dir, '-c', conf, '-e', join(w.dir, 'error.log')],
        { stdio: ['ignore', 'ignore', 'inherit'] });
    let ended = false;
    w.nginx.on('exit', () => { ended = true; });
    await until('nginx answers', async () => {
        if (ended) {
            throw new Error('nginx did not start');
        }
        return answers(`${w.app}/`);
    });
}

export async function startWorld({ dir, nginxBin, module, second }) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });

    const [op, control, app, http1] = await freePorts(4);
    const w = { dir, nginxBin, module, ports: { op, control, app, http1 },
        start, until };
    w.issuer = `https://op.test:${op}`;
    w.app = `https://app.test:${app}`;
    w.crossApi = `https://api.test:${app}`;
    w.callback = `${w.app}/`;
    w.spa = join(here, 'spa');
    w.certs = makeCerts(dir, ['op.test', 'op2.test', 'app.test', 'api.test',
        'first.test', 'second.test', 'stray.test', ...appHosts]);
    trust(w.certs.ca);
    execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-out', join(dir, 'assertion.pem')],
    { stdio: 'pipe' });

    w.dns = await dnsServer();
    await startOp(w);
    w.second = second ? await second(w) : null;
    await startApi(w, [
        [w.issuer, 'alice', 'reader'],
        [w.issuer, 'alice', 'editor'],
        [w.issuer, 'bob', 'reader'],
        [w.issuer, 'eve', 'reader'],
        [w.issuer, 'manager', 'reader'],
        ...w.second ? [[w.second.issuer, w.second.sub, 'reader']] : [],
    ]);
    await startNginx(w);
    return w;
}

// Another configuration for the same nginx.
export async function reconfigure(w, change) {
    const file = join(w.dir, 'nginx.conf');
    const before = readFileSync(file, 'utf8');
    const after = change(before);
    if (after === before) {
        throw new Error('the configuration did not change');
    }
    writeFileSync(file, after);
    const log = join(w.dir, 'error.log');
    const count = () => readFileSync(log, 'utf8')
        .split('gracefully shutting down').length;
    const gone = count();
    w.nginx.kill('SIGHUP');
    await until('nginx has reloaded', () => count() >= gone + 2);
}

export async function control(w, command, value = '') {
    const answer = await request(
        `http://127.0.0.1:${w.ports.control}/${command}?value=${value}`);
    return JSON.parse(answer.body);
}

export async function stopWorld(w) {
    await Promise.all(children.splice(0).map(stop));
    w.recorder?.close();
    w.logoutReceiver?.close();
    w.dns?.close();
}
