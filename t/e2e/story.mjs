// The story told by HTTP alone: the implicit flow followed by hand.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';

import { Agent, decode } from './agent.mjs';
import { assert, step } from './count.mjs';
import { bearer, request } from './http.mjs';
import { control, until } from './world.mjs';

export async function story(w) {
    const browsers = new Map();
    const login = (user, clientId = 'spa') => {
        if (!browsers.has(user)) {
            browsers.set(user, new Agent(w.issuer));
        }
        return browsers.get(user).login(
            { clientId, redirectUri: w.callback, user });
    };
    const get = (path, headers) => request(w.app + path, { headers });
    const post = (path, headers) =>
        request(w.app + path, { method: 'POST', headers, body: '{}' });
    const fromApi = (answer) => 
        answer.headers['content-type'] === 'application/json';

    async function unreached(body) {
        const before = w.recorder.count;
        await body();
        assert.equal(w.recorder.count, before, 'the API was reached');
    }

    const alice = await login('alice');
    const bob = await login('bob');

    await access();
    await identity();
    await cookies();
    await crossOrigin();
    await rotation();
    await ends();

    async function access() {
        await step('the application itself needs no token', async () => {
            const page = await get('/');
            assert.equal(page.status, 200);
            assert.match(page.body, /Reports/);
        });

        await step('without a token the API is closed', () =>
            unreached(async () => {
                const answer = await get('/api/me');
                assert.equal(answer.status, 401);
                assert.match(answer.headers['www-authenticate'],
                    /^Bearer realm="[^"]*"$/);
            }));

        await step('the provider puts neither typ nor azp in its tokens',
            () => {
                assert.deepEqual(Object.keys(decode(alice.idToken, 0)).sort(),
                    ['alg', 'kid']);
                const claims = decode(alice.idToken);
                assert.equal(claims.nonce, alice.nonce);
                assert.equal(claims.aud, 'spa');
                assert.equal(claims.azp, undefined);
            });

        await step('a signed-in editor reads and writes', async () => {
            const read = await get('/api/me', bearer(alice.idToken));
            assert.equal(read.status, 200);
            assert.deepEqual(JSON.parse(read.body).roles,
                ['editor', 'reader']);
            const write = await post('/api/notes', bearer(alice.idToken));
            assert.equal(write.status, 201);
        });

        await step("a reader's writing is refused by the API's own roles",
            async () => {
                const read = await get('/api/me', bearer(bob.idToken));
                assert.equal(read.status, 200);
                const write = await post('/api/notes', bearer(bob.idToken));
                assert.equal(write.status, 403);
                assert.ok(fromApi(write));
            });

        await step('a user of the tenant without an account is refused by ' +
            'the API', async () => {
            const { idToken } = await login('stranger');
            const answer = await get('/api/me', bearer(idToken));
            assert.equal(answer.status, 403);
            assert.ok(fromApi(answer));
        });

        await step("another application's token is refused by nginx", () =>
            unreached(async () => {
                const other = await login('alice', 'other-app');
                assert.equal(decode(other.idToken).aud, 'other-app');
                const answer = await get('/api/me', bearer(other.idToken));
                assert.equal(answer.status, 401);
                assert.match(answer.headers['www-authenticate'],
                    /error="invalid_token"/);
            }));

        await step('a changed token is refused', () => unreached(async () => {
            const [header, , signature] = alice.idToken.split('.');
            const claims = { ...decode(alice.idToken), sub: 'admin' };
            const payload = Buffer.from(JSON.stringify(claims))
                .toString('base64url');
            const answer = await get('/api/me',
                bearer([header, payload, signature].join('.')));
            assert.equal(answer.status, 401);
        }));

        await step('rules on claims: group membership', async () => {
            const allowed = await get('/admin/me', bearer(alice.idToken));
            assert.equal(allowed.status, 200);
            await unreached(async () => {
                const refused = await get('/admin/me', bearer(bob.idToken));
                assert.equal(refused.status, 403);
            });
        });

        await step('a token of 300 groups passes', async () => {
            const { idToken } = await login('manager');
            assert.ok(idToken.length > 7000);
            const answer = await get('/api/me', bearer(idToken));
            assert.equal(answer.status, 200);
            assert.equal(JSON.parse(w.recorder.values('X-OIDC-Groups')[0])
                .length, 300);
        });

        await step('report mode refuses nobody and tells what would have ' +
            'been', async () => {
            const anonymous = await get('/report/me');
            assert.ok(fromApi(anonymous));
            assert.match(anonymous.headers['x-verdict'], /^missing/);
            assert.deepEqual(w.recorder.values('X-OIDC-Sub'), []);
            const known = await get('/report/me', bearer(bob.idToken));
            assert.match(known.headers['x-verdict'], /^ok/);
            assert.deepEqual(w.recorder.values('X-OIDC-Sub'), ['bob']);
        });

        await step('a host of no known tenant is refused', () =>
            unreached(async () => {
                const port = new URL(w.app).port;
                const headers = bearer(bob.idToken);
                const first = `https://first.test:${port}/api/me`;
                const stray = `https://stray.test:${port}/api/me`;
                assert.equal((await request(stray, { headers })).status, 403);
                await request(first);
            }));

        await step("the tenant chosen by the host judges that host's tokens",
            async () => {
                const { port } = new URL(w.app);
                const answer = await request(`https://first.test:${port}/api/me`,
                    { headers: bearer(bob.idToken) });
                assert.equal(answer.status, 200);
            });
    }

    async function identity() {
        await step('the API gets the identity and never the token',
            async () => {
                await get('/api/me', bearer(alice.idToken));
                assert.deepEqual(w.recorder.values('X-OIDC-Sub'), ['alice']);
                assert.deepEqual(w.recorder.values('X-OIDC-Iss'), [w.issuer]);
                assert.deepEqual(w.recorder.values('Authorization'), []);
                assert.ok(!w.recorder.heads.at(-1).includes(alice.idToken));
            });

        await step("the caller's own identity headers are removed",
            async () => {
                const answer = await get('/api/me', {
                    ...bearer(bob.idToken),
                    'X-OIDC-Sub': 'alice',
                    'x-oidc-iss': w.issuer,
                    'X_OIDC_Sub': 'alice',
                    'X-OIDC_Sub': 'alice',
                    'X.OIDC.Sub': 'alice',
                    'X-Identity': 'forged',
                });
                assert.equal(answer.status, 200);
                assert.deepEqual(w.recorder.values('X-OIDC-Sub'), ['bob']);
                assert.deepEqual(w.recorder.values('X-OIDC-Iss'), [w.issuer]);
                assert.ok(!w.recorder.values('X-Identity')
                    .includes('forged'));
            });

        await step('line breaks in claims make no headers', async () => {
            const { idToken } = await login('eve');
            assert.match(decode(idToken).name, /\r\n/);
            const answer = await get('/api/me', bearer(idToken));
            assert.equal(answer.status, 200);
            assert.deepEqual(w.recorder.values('X-OIDC-Sub'), ['eve']);
            assert.deepEqual(w.recorder.values('X-OIDC-Name'), []);
            assert.ok(!w.recorder.heads.at(-1).includes('\nX-OIDC-Sub: alice'));
        });

        await step('an independent library verifies the signed identity',
            async () => {
                await get('/api/me', bearer(alice.idToken));
                const [assertion] = w.recorder.values('X-Identity');
                const keys = createRemoteJWKSet(
                    new URL(`${w.app}/identity-keys`), {
                        [customFetch]: async (url) => {
                            const { status, body } = await request(url);
                            return new Response(body, { status });
                        },
                    });
                const { payload } = await jwtVerify(assertion, keys, {
                    issuer: 'https://app.test/',
                    audience: 'reports',
                    typ: 'id-assertion+jwt',
                });
                assert.equal(payload.sub, 'alice');
                assert.equal(payload.email, 'alice@example.com');
                assert.equal(payload.groups, undefined);
            });

        await step('the signed identity is no ID token', () =>
            unreached(async () => {
                const [assertion] = w.recorder.values('X-Identity');
                const answer = await get('/api/me', bearer(assertion));
                assert.equal(answer.status, 401);
            }));

        await step('a token bound to a cookie is useless without it',
            async () => {
                const sha256 = createHash('sha256').update(alice.nonce)
                    .digest('base64url');
                const bound = (cookie) => get('/bound/me',
                    { ...bearer(alice.idToken), ...cookie });
                const nonce = (value) =>
                    ({ Cookie: `theme=dark; __Host-nonce=${value}` });

                assert.equal((await bound(nonce(alice.nonce))).status, 200);
                await unreached(async () => {
                    for (const cookie of [{}, nonce('x'), nonce(sha256)]) {
                        const { status } = await bound(cookie);
                        assert.ok(status === 401 || status === 403, status);
                    }
                });
            });
    }

    async function cookies() {
        let session;

        await step('the token becomes a cookie', async () => {
            const answer = await post('/session', bearer(alice.idToken));
            assert.equal(answer.status, 204);
            const [line] = answer.headers['set-cookie'];
            assert.equal(line, `__Host-id_token=${alice.idToken}; Path=/; ` +
                'Secure; HttpOnly; SameSite=Strict');
            [session] = line.split(';');
        });

        await step('the cookie reads, the API gets the other cookies only',
            async () => {
                const answer = await get('/cookie/me',
                    { Cookie: `theme=dark; ${session}; lang=de` });
                assert.equal(answer.status, 200);
                assert.deepEqual(w.recorder.values('X-OIDC-Sub'), ['alice']);
                assert.deepEqual(w.recorder.values('Cookie'),
                    ['theme=dark; lang=de']);
            });

        await step('writing by cookie needs same-origin evidence',
            async () => {
                const write = (more) =>
                    post('/cookie/notes', { Cookie: session, ...more });
                const good = [{ 'Sec-Fetch-Site': 'same-origin' },
                    { Origin: w.app }];
                const bad = [{}, { Origin: w.issuer }, { Origin: 'null' },
                    { Origin: 'https://app.test' },
                    { 'Sec-Fetch-Site': 'same-site' },
                    { 'Sec-Fetch-Site': 'cross-site', Origin: w.app }];

                for (const more of good) {
                    assert.equal((await write(more)).status, 201,
                        JSON.stringify(more));
                }
                await unreached(async () => {
                    for (const more of bad) {
                        assert.equal((await write(more)).status, 403,
                            JSON.stringify(more));
                    }
                });
            });

        await step('a bearer token is no cookie, and both at once are refused',
            () => unreached(async () => {
                const headers = bearer(alice.idToken);
                const wrong = await get('/cookie/me', headers);
                assert.equal(wrong.status, 401);
                const both = await get('/either/me',
                    { ...headers, Cookie: session });
                assert.equal(both.status, 400);
            }));
    }

    async function crossOrigin() {
        const preflight = {
            'Origin': w.app,
            'Access-Control-Request-Method': 'GET',
            'Access-Control-Request-Headers': 'authorization',
        };
        const ask = (method, headers) =>
            request(`${w.crossApi}/api/me`, { method, headers });

        await step('a CORS preflight passes without a token', async () => {
            const answer = await ask('OPTIONS', preflight);
            assert.equal(answer.status, 204);
            assert.equal(answer.headers['access-control-allow-origin'], w.app);
        });

        await step('what only looks like a preflight does not', () =>
            unreached(async () => {
                const { Origin, ...rest } = preflight;
                assert.equal((await ask('OPTIONS', {})).status, 401);
                assert.equal((await ask('OPTIONS', rest)).status, 401);
                assert.equal((await ask('OPTIONS', { Origin })).status, 401);
                assert.equal((await ask('GET', preflight)).status, 401);
            }));

        await step('the request after the preflight needs the token',
            async () => {
                const answer = await ask('GET',
                    { Origin: w.app, ...bearer(bob.idToken) });
                assert.equal(answer.status, 200);
                assert.equal(answer.headers['access-control-allow-origin'],
                    w.app);
            });
    }

    async function rotation() {
        const status = async ({ idToken }) =>
            (await get('/api/me', bearer(idToken))).status;
        const kid = ({ idToken }) => decode(idToken, 0).kid;
        let renewed;

        await step('a published key changes nothing yet', async () => {
            await control(w, 'publish');
            const again = await login('alice');
            assert.equal(kid(again), kid(alice));
            assert.equal(await status(again), 200);
        });

        await step('tokens of the old and of the new key pass', async () => {
            await control(w, 'promote');
            renewed = await login('alice');
            assert.notEqual(kid(renewed), kid(alice));
            assert.equal(await status(renewed), 200);
            assert.equal(await status(alice), 200);
        });

        await step('a retired key stops working by itself', async () => {
            await control(w, 'retire');
            await until('the old key is gone', async () =>
                await status(alice) === 401, 15);
            assert.equal(await status(renewed), 200);
        });

        await step('an unknown key is asked for while the request waits',
            async () => {
                await control(w, 'replace');
                const replaced = await login('alice');
                assert.notEqual(kid(replaced), kid(renewed));
                assert.equal(await status(replaced), 200);
                await unreached(async () =>
                    assert.equal(await status(renewed), 401));
            });
    }

    async function ends() {
        const { idToken } = await login('bob');
        const open = () => get('/api/me', bearer(idToken));

        await step('a logout token is no ID token', async () => {
            const { idToken: last } = await login('alice');
            await browsers.get('alice').logout(last);
            await until('the logout token arrives',
                () => w.logoutTokens.length > 0);
            const [token] = w.logoutTokens;
            assert.equal(decode(token, 0).typ, 'logout+jwt');
            await unreached(async () => {
                const answer = await get('/api/me', bearer(token));
                assert.equal(answer.status, 401);
            });
        });

        await step('after the logout the provider asks for the password',
            () => assert.rejects(browsers.get('alice').login({
                clientId: 'spa', redirectUri: w.callback, user: 'alice',
                password: 'wrong',
            }), /no token/));

        await step('an expired token is refused', async () => {
            await control(w, 'ttl', 2);
            const short = await login('bob');
            const ask = () => get('/api/me', bearer(short.idToken));
            assert.equal((await ask()).status, 200);
            await sleep((decode(short.idToken).exp * 1000) - Date.now() + 50);
            await unreached(async () =>
                assert.equal((await ask()).status, 401));
            await control(w, 'ttl', 600);
        });

        await step('no token was written to a log', () => {
            for (const log of ['error.log', 'access.log']) {
                const text = readFileSync(join(w.dir, log), 'utf8');
                const signature = idToken.split('.')[2];
                assert.ok(!text.includes(signature), log);
                assert.ok(!text.includes(alice.idToken.split('.')[1]), log);
            }
        });

        await step('when the provider is away, known keys go on', async () => {
            w.op.kill('SIGTERM');
            await new Promise((resolve) => w.op.on('exit', resolve));
            assert.equal((await open()).status, 200);
            await sleep(3500);
            assert.equal((await open()).status, 200);
        });
    }
}
