// The recipes of conf-examples that are for browsers, used by Chromium.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Agent } from './agent.mjs';
import { missing, openBrowser } from './chromium.mjs';
import { assert, step } from './count.mjs';
import { request } from './http.mjs';
import { startLive } from './live.mjs';
import { control, freePorts } from './world.mjs';

const here = dirname(fileURLToPath(import.meta.url));

export function prepare() {
    const absent = missing();
    return { missing: absent &&
        `${absent} not installed; 'make deps-browser' installs both` };
}

// An example with our ports, tenant and certificates, served by TLS.
function fit(w, text, { port, inner, live, origin }) {
    return `daemon off;\n${text}`
        .replace(/^load_module.*$/m, w.module ? `load_module ${w.module};` : '')
        .replace(/listen( +)127\.0\.0\.1:80(?!91)\d\d/,
            `listen$1 127.0.0.1:${port} ssl`)
        .replaceAll('127.0.0.1:8091', `127.0.0.1:${inner}`)
        .replaceAll('127.0.0.1:8090', `127.0.0.1:${live}`)
        .replace(/https:\/\/tenant\.example\.com\/;/,
            `${w.issuer}; ssl_trusted_certificate ${w.certs.ca}; leeway 0s;`)
        .replace('SPA_CLIENT_ID', 'spa')
        .replaceAll('https://app.example.com;', `${origin};`)
        .replaceAll('https://app.example.com ', `${origin} `)
        .replace(/# resolver.*/, `resolver 127.0.0.1:${w.dns.port} ipv6=off;
            ssl_certificate ${w.certs.cert};
            ssl_certificate_key ${w.certs.key};`);
}

// Starts it and says where it is.
async function serve(w, name, host, settings) {
    const dir = join(w.dir, name);
    const [port, inner] = await freePorts(2);
    const url = `https://${host}:${port}`;
    // Pages have to come from nginx: of one that was made up, the browser does
    // not let scripts reach this machine.
    mkdirSync(join(dir, 'html', 'assets'), { recursive: true });
    copyFileSync(join(here, 'try.conf'), join(dir, 'try.conf'));
    for (const file of ['index.html', 'assets/index.html', 'file']) {
        writeFileSync(join(dir, 'html', file), 'a page\n');
    }
    writeFileSync(join(dir, 'nginx.conf'), fit(w,
        readFileSync(join(here, `${name}.conf`), 'utf8'),
        { origin: url, ...settings, port, inner }));
    w.start(w.nginxBin, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e',
        'error.log'], { stdio: ['ignore', 'ignore', 'inherit'] });
    await w.until(`${name} answers`,
        () => request(url).then(() => true, () => false));
    return url;
}

// What a script sees of an answer.
const call = (page, url, token, options = {}) =>
    page.evaluate(async ([where, bearer, more]) => {
        const headers = bearer ? { Authorization: `Bearer ${bearer}` } : {};
        try {
            const answer = await fetch(where, { headers, ...more });
            return { status: answer.status, body: await answer.text(),
                challenge: answer.headers.get('WWW-Authenticate') };
        } catch (error) {
            return { error: `${error}` };
        }
    }, [url, token, options]);

async function cors(page, { app, api, other }, token, bad) {
    await page.goto(app);

    await step('CORS: a success is readable', async () => {
        const { status, body } = await call(page, `${api}/x`, token);
        assert.equal(status, 200);
        assert.equal(JSON.parse(body)['x-oidc-sub'], 'alice');
        assert.equal(JSON.parse(body).authorization, undefined);
    });

    await step('CORS: a change by PUT is, too', async () => {
        const answer = await call(page, `${api}/x`, token, { method: 'PUT' });
        assert.equal(answer.status, 200);
    });

    await step('CORS: refusals are readable, and their reasons', async () => {
        const none = await call(page, `${api}/x`);
        assert.equal(none.status, 401);
        assert.match(none.challenge, /^Bearer realm="[^"]*"$/);
        const wrong = await call(page, `${api}/x`, bad);
        assert.equal(wrong.status, 401);
        assert.match(wrong.challenge, /error="invalid_token"/);
        assert.equal((await call(page, `${api}/x`, 'a b')).status, 400);
    });

    await step('CORS: a page of another origin reads nothing', async () => {
        await page.goto(other);
        assert.ok((await call(page, `${api}/x`, token)).error);
        assert.ok((await call(page, `${api}/x`)).error);
    });
}

const socket = (page, url) => page.evaluate((where) => new Promise((done) => {
    const seen = {};
    const live = new WebSocket(where);
    live.onmessage = ({ data }) => { seen.headers = JSON.parse(data); };
    live.onclose = ({ code }) => done({ ...seen, code });
}), url.replace('https:', 'wss:'));

const events = (page, url) => page.evaluate((where) => new Promise((done) => {
    const source = new EventSource(where);
    source.onmessage = ({ data }) => {
        source.close();
        done(JSON.parse(data));
    };
    source.onerror = () => done({ closed: source.readyState === 2 });
}), url);

async function sockets(w, page, { app, sister }, login) {
    await page.goto(app);

    await step('without the cookie neither opens', async () => {
        assert.equal((await socket(page, `${app}/live/socket`)).code, 1006);
        assert.deepEqual(await events(page, `${app}/live/events`),
            { closed: true });
    });

    await step('events, after the token was traded for a cookie', async () => {
        const traded = await call(page, `${app}/session`, await login(),
            { method: 'POST' });
        assert.equal(traded.status, 204);
        assert.equal(await page.evaluate(() => document.cookie), '');
        const seen = await events(page, `${app}/live/events`);
        assert.equal(seen['x-oidc-sub'], 'alice');
        assert.equal(seen.cookie, undefined);
    });

    await step('a WebSocket; the application closes it with the token',
        async () => {
            await control(w, 'ttl', 3);
            await call(page, `${app}/session`, await login(),
                { method: 'POST' });
            const begun = Date.now();
            const seen = await socket(page, `${app}/live/socket`);
            assert.equal(seen.headers['x-oidc-sub'], 'alice');
            assert.equal(seen.code, 4401);
            const lasted = Date.now() - begun;
            assert.ok(lasted > 1000 && lasted < 10000, `${lasted} ms`);
            await sleep(Math.max(0, 3100 - lasted));
            assert.equal((await socket(page, `${app}/live/socket`)).code, 1006);
            await control(w, 'ttl', 600);
        });

    await step('a page of the same site opens none, though its cookie comes',
        async () => {
            await call(page, `${app}/session`, await login(),
                { method: 'POST' });
            const open = page.evaluate((where) => new Promise((done) => {
                const live = new WebSocket(where);
                live.onmessage = () => { live.close(); done('open'); };
                live.onclose = () => done('closed');
            }), `${app.replace('https:', 'wss:')}/live/socket`);
            assert.equal(await open, 'open');
            await page.goto(sister);
            assert.equal((await socket(page, `${app}/live/socket`)).code, 1006);
            assert.match(readFileSync(join(w.dir, 'websocket', 'error.log'),
                'utf8'), /id_token refused, csrf: .*"GET \/live\/socket/);
        });
}

async function caching(page, files, token) {
    await page.goto(`${files}/assets/`);

    await step('a guarded file is asked for each time', async () => {
        assert.equal((await call(page, `${files}/file`, token)).status, 200);
        const again = await call(page, `${files}/file`, token);
        assert.equal(again.body, 'a page\n');
        assert.equal((await call(page, `${files}/file`)).status, 401);
        await call(page, `${files}/file`, token);
    });
}

export async function story(w) {
    const live = (await startLive()).address().port;
    const alice = new Agent(w.issuer);
    const login = async (clientId = 'spa') => (await alice.login(
        { clientId, redirectUri: w.callback, user: 'alice' })).idToken;
    const context = await openBrowser(join(w.dir, 'alice'), w.certs.ca);
    const [page] = context.pages();

    try {
        const api = await serve(w, 'cors-api', 'api.test',
            { live, origin: w.app });
        const app = await serve(w, 'websocket', 'first.test', { live });
        const files = await serve(w, 'guarded-files', 'first.test', { live });

        await cors(page, { app: w.app, api, other: app }, await login(),
            await login('other-app'));
        await sockets(w, page, { app, sister: `${files}/assets/` }, login);
        await caching(page, files, await login());
    } finally {
        await context.close();
    }
}
