// Cookies and other origins.

import { assert, step } from './count.mjs';
import { bearer, request } from './http.mjs';

export async function cookies({ w, get, post, login, unreached, alice }) {
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

    await step('a token too long for one cookie comes in several',
        async () => {
            const { idToken } = await login('manager');
            const pieces = idToken.match(/.{1,3500}/g)
                .map((piece, i) => `__Host-id_token.${i}=${piece}`);
            assert.ok(pieces.length > 1);
            const ask = (list) => get('/cookie/me',
                { Cookie: ['theme=dark', ...list].join('; ') });

            assert.equal((await ask(pieces)).status, 200);
            assert.deepEqual(w.recorder.values('X-OIDC-Sub'), ['manager']);
            assert.deepEqual(w.recorder.values('Cookie'), ['theme=dark']);
            await unreached(async () =>
                assert.equal((await ask(pieces.slice(1))).status, 400));
        });

    await step('a bearer token is no cookie; both may speak for one person',
        async () => {
            const headers = bearer(alice.idToken);
            const { idToken } = await login('manager');
            await unreached(async () => {
                const wrong = await get('/cookie/me', headers);
                assert.equal(wrong.status, 401);
                const two = await get('/either/me',
                    { ...bearer(idToken), Cookie: session });
                assert.equal(two.status, 400);
            });
            const both = await get('/either/me',
                { ...headers, Cookie: session });
            assert.equal(both.status, 200);
            assert.deepEqual(w.recorder.values('X-OIDC-Sub'), ['alice']);
        });
}

export async function crossOrigin({ w, unreached, bob }) {
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
