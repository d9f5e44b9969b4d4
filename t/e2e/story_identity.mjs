// What the application is told of the user, and what never reaches it.

import { createHash } from 'node:crypto';

import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';

import { decode } from './agent.mjs';
import { assert, step } from './count.mjs';
import { bearer, request } from './http.mjs';

export async function identity({ w, get, login, unreached, alice, bob }) {
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
