// A second tenant, of another make: an issuer with a path, tokens with typ and
// azp, ES256, keys without "use", key sets that must not be stored.

import { join } from 'node:path';

import { Agent, decode } from './agent.mjs';
import { secondAppUrl } from './apps.mjs';
import { assert, step } from './count.mjs';
import { startGlewlwyd, unpack } from './glewlwyd.mjs';
import { bearer, request } from './http.mjs';
import { formIn, PAGE, Visitor } from './visitor.mjs';
import { freePorts } from './world.mjs';

export function prepare(dir) {
    const unpacked = join(dir, '..', 'glewlwyd');
    return {
        missing: unpack(unpacked),
        second: async (w) =>
            startGlewlwyd(w, unpacked, (await freePorts(1))[0]),
    };
}

export async function story(w) {
    const { port } = new URL(w.app);
    const ask = (host, token) => request(`https://${host}:${port}/api/me`,
        { headers: bearer(token) });
    const { idToken, issuer, sub, clientId } = w.second;

    await step('it differs from the first tenant', async () => {
        const claims = decode(idToken);
        assert.equal(decode(idToken, 0).typ, 'JWT');
        assert.equal(claims.iss, issuer);
        assert.equal(claims.aud, clientId);
        assert.equal(claims.azp, clientId);
        assert.ok(new URL(issuer).pathname.length > 1);

        const keys = await request(`${issuer}/jwks`);
        assert.match(keys.headers['cache-control'], /no-store/);
        assert.equal(JSON.parse(keys.body).keys[0].use, undefined);
    });

    await step('its tokens pass at its host', async () => {
        const answer = await ask('second.test', idToken);
        assert.equal(answer.status, 200, answer.body);
        assert.deepEqual(w.recorder.values('X-OIDC-Iss'), [issuer]);
        assert.deepEqual(w.recorder.values('X-OIDC-Sub'), [sub]);
    });

    await step("neither tenant's tokens pass at the other's host", async () => {
        const first = await new Agent(w.issuer).login(
            { clientId: 'spa', redirectUri: w.callback, user: 'alice' });
        const before = w.recorder.count;
        assert.equal((await ask('first.test', idToken)).status, 401);
        assert.equal((await ask('second.test', first.idToken)).status, 401);
        assert.equal((await ask('stray.test', idToken)).status, 403);
        assert.equal(w.recorder.count, before);
        assert.equal((await ask('first.test', first.idToken)).status, 200);
    });

    await step('nginx logs its user in', async () => {
        const app = secondAppUrl(w);
        const visitor = new Visitor();
        const begun = await visitor.fetch(`${app}/user?deep`,
            { headers: PAGE });
        assert.equal(begun.status, 302, begun.body);
        assert.ok(begun.headers.location.startsWith(issuer));
        const page = await w.second.authorize(begun.headers.location);
        const form = formIn({ ...page, url: issuer });
        assert.ok(form, page.body);
        const back = await visitor.visit(form.action,
            { method: 'POST', form: form.fields });
        assert.equal(back.status, 200, back.body);
        assert.equal(back.url, `${app}/user?deep`);
        assert.deepEqual(w.recorder.values('X-OIDC-Sub'), [sub]);
    });
}
