// How sessions go on and end in Chromium.

import { setTimeout as sleep } from 'node:timers/promises';

import { assert } from './count.mjs';
import { control, reconfigure } from './world.mjs';

// How often the tenant was asked while `body` ran, and the last time how.
async function asked(seat, body) {
    const urls = [];
    const keep = (request) => {
        if (request.url().startsWith(`${seat.w.issuer}/auth?`)) {
            urls.push(request.url());
        }
    };
    seat.page.on('request', keep);
    await body();
    seat.page.off('request', keep);
    return urls;
}

export async function goesOn(seat) {
    await expiry(seat);
    await renewal(seat);
    await withoutAPerson(seat);
    await logout(seat);
    await changes(seat);
}

async function expiry(seat) {
    const { page, w } = seat;

    await seat.tells('an expired session: a fetch is refused, a page load ' +
        'comes back', async () => {
        await control(w, 'ttl', 4);
        await seat.logIn('/user');
        await sleep(5000);
        assert.deepEqual(await seat.fetched('/user'),
            { status: 401, redirected: false });
        assert.deepEqual(await seat.transactions(), []);
        await control(w, 'ttl', 600);
        const urls = await asked(seat, async () => {
            await seat.visit('/user?later');
            await page.waitForURL(`${seat.app}/user?later`);
        });
        assert.equal(urls.length, 1);
        await seat.isAt('/user?later');
        assert.equal((await seat.fetched('/user')).status, 200);
    });
}

async function renewal(seat) {
    const { page, w } = seat;
    const token = async () => (await seat.cookies('__Host-id'))
        .find(({ name }) => name === '__Host-id').value;

    await seat.tells('a session is renewed before it ends', async () => {
        await control(w, 'ttl', 30);
        await seat.logIn('/user');
        const before = await token();
        await sleep(4000);
        await control(w, 'ttl', 600);
        const urls = await asked(seat, async () => {
            await seat.visit('/renewed?x');
            await page.waitForURL(`${seat.app}/renewed?x`);
        });
        assert.match(urls.join(' '), /[?&]prompt=none(&|$)/);
        assert.notEqual(await token(), before);
        await seat.isAt('/renewed?x');
    });

    await seat.tells('a renewal that needs the user leaves the session',
        async () => {
            await control(w, 'ttl', 30);
            await seat.logIn('/user');
            const before = await token();
            await seat.context.clearCookies({ domain: 'op.test' });
            await sleep(4000);
            await control(w, 'ttl', 600);
            const urls = await asked(seat, async () => {
                for (const path of ['/renewed?1', '/renewed?2']) {
                    await seat.visit(path);
                    await page.waitForURL(seat.app + path);
                    await seat.isAt(path);
                }
            });
            assert.equal(urls.length, 1, 'it is tried once');
            assert.equal(await token(), before);
        });
}

async function withoutAPerson(seat) {
    await seat.tells('a prefetched link, a frame, an image: no login, no ' +
        'logout', async () => {
        const { page, w } = seat;
        const urls = await asked(seat, async () => {
            await seat.visit('/public');
            await w.until('the link is loaded ahead', () =>
                seat.seen('GET /user?prefetched').length > 0);
            await w.until('the frame is loaded', () =>
                seat.seen('GET /user?framed').length > 0);
        });
        assert.deepEqual(urls, []);
        for (const path of ['/user?prefetched', '/user?framed']) {
            for (const line of seat.seen(`GET ${path}`)) {
                assert.match(line, / 401 /);
            }
        }
        assert.deepEqual(await seat.transactions(), []);
        await page.click('#go');
        await seat.signIn('/user?linked');
        await w.until('the image is loaded', () =>
            seat.seen('GET /oidc/logout?image').length > 0);
        const { length } = seat.seen('GET /oidc/logout?image');
        await seat.visit('/public');
        await w.until('the image is loaded again', () =>
            seat.seen('GET /oidc/logout?image').length > length);
        await seat.visit('/user');
        await seat.isAt('/user');
    });
}

async function logout(seat) {
    await seat.tells('logout, and login as somebody else', async () => {
        const { page, w } = seat;
        await seat.logIn('/user');
        await page.click('button');
        await page.waitForURL(`${w.issuer}/session/end?*`);
        await page.click('button[value=yes]');
        await page.waitForURL((url) => url.pathname === '/public');
        assert.deepEqual(await seat.cookies(), []);
        await seat.logIn('/user', 'bob');
        await seat.isAt('/user', 'bob');
    });

    await seat.tells('a foreign form logs nobody out', async () => {
        const { page } = seat;
        await seat.logIn('/user');
        await page.route('https://evil.test/**', (route) => route.fulfill({
            contentType: 'text/html',
            body: `<form method="post" action="${seat.app}/oidc/logout">` +
                '</form>',
        }));
        await page.goto('https://evil.test/');
        await page.evaluate(() => document.forms[0].submit());
        await page.waitForURL(`${seat.app}/oidc/logout`);
        assert.equal(await page.textContent('h1'), 'Not logged out');
        await seat.visit('/user');
        await seat.isAt('/user');
    });
}

async function changes(seat) {
    const { page, w } = seat;
    const backAt = async (path) => {
        await seat.visit(path);
        await page.waitForURL(seat.app + path);
        await seat.isAt(path);
    };

    // nginx asks for keys every few seconds, and reloads as fast as it can.
    const refused = () => w.until('the session is refused', async () =>
        (await seat.fetched('/user')).status === 401);

    await seat.tells('the key is replaced under a session', async () => {
        await seat.logIn('/user');
        await control(w, 'replace');
        await refused();
        await backAt('/user?2');
    });

    await seat.tells('the client ID is changed under a session', async () => {
        await seat.logIn('/user');
        const name = `client_id ${seat.name}`;
        await reconfigure(w, (text) =>
            text.replace(`${name};`, `${name}-2;`));
        await refused();
        await backAt('/user?2');
        await reconfigure(w, (text) =>
            text.replace(`${name}-2;`, `${name};`));
        await backAt('/user?3');
    });
}
