// Who is let in, and by whom the others are refused.

import { decode } from './agent.mjs';
import { assert, step } from './count.mjs';
import { bearer, request } from './http.mjs';

export async function access(
    { w, get, post, login, unreached, fromApi, alice, bob }) {
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
