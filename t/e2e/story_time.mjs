// What time brings: new keys, logout, expiry, a provider that is away.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { decode } from './agent.mjs';
import { assert, step } from './count.mjs';
import { bearer, request } from './http.mjs';
import { control, until } from './world.mjs';

export async function rotation({ w, get, login, unreached, alice }) {
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
            await status(alice) === 401);
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

export async function ends({ w, get, login, unreached, alice, browsers }) {
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

    await step('nginx takes it, and ends that session alone', async () => {
        const { idToken: mine } = await login('alice');
        assert.equal((await get('/api/me', bearer(mine))).status, 200);
        const seen = w.logoutTokens.length;
        await browsers.get('alice').logout(mine);
        await until('the logout token arrives',
            () => w.logoutTokens.length > seen);
        const form = new URLSearchParams(
            { logout_token: w.logoutTokens.at(-1) }).toString();
        const send = () => request(`${w.app}/backchannel`, { method: 'POST',
            headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
            body: form });
        const answer = await send();
        assert.equal(answer.status, 200, answer.body);
        assert.equal(answer.headers['cache-control'], 'no-store');
        await unreached(async () => {
            const ended = await get('/api/me', bearer(mine));
            assert.equal(ended.status, 401);
            assert.match(ended.headers['www-authenticate'],
                /the session has ended/);
        });
        assert.equal((await open()).status, 200);
        assert.equal((await send()).status, 200, 'it comes again');

        // Another session of the same person, under a sid of its own.
        const { idToken: next } = await login('alice');
        assert.equal((await get('/api/me', bearer(next))).status, 200);
        await browsers.get('alice').logout(next);
    });

    await step('after the logout the provider asks for the password',
        () => assert.rejects(browsers.get('alice').login({
            clientId: 'spa', redirectUri: w.callback, user: 'alice',
            password: 'wrong',
        }), /no token/));

    await step('an expired token is refused', async () => {
        let end;
        let ask;
        let status;
        // The machine may be too slow to use one that lives so short.
        for (const seconds of [2, 10, 40]) {
            await control(w, 'ttl', seconds);
            const short = await login('bob');
            end = decode(short.idToken).exp * 1000;
            ask = () => get('/api/me', bearer(short.idToken));
            ({ status } = await ask());
            if (status === 200 || Date.now() < end) {
                break;
            }
        }
        assert.equal(status, 200);
        await sleep(Math.max(0, end - Date.now()) + 50);
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
