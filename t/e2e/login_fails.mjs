// What goes wrong with a login in Chromium, and how it ends.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openBrowser } from './chromium.mjs';
import { assert } from './count.mjs';
import { control } from './world.mjs';

export async function fails(seat) {
    await refusals(seat);
    await outages(seat);
    await longTokens(seat);
    await abandoned(seat);
    await blockedCookies(seat);
}

const heading = (page) => page.textContent('h1');

async function refusals(seat) {
    await seat.tells('a login is cancelled at the tenant', async () => {
        const { page } = seat;
        await seat.visit('/user');
        await seat.atTenant();
        await page.click('[name=cancel]');
        await page.waitForURL(`${seat.callback}**`);
        assert.equal(await heading(page), 'Login failed');
        assert.equal(await page.textContent('code'), 'access_denied');
        assert.deepEqual(await seat.transactions(), []);
        await page.reload();
        assert.equal(await heading(page), 'Login not completed');
        await page.goto(seat.app);
        await seat.signIn('/');
        await seat.isAt('/');
    });
}

async function outages(seat) {
    const { page, w } = seat;

    await seat.tells('the tenant is down during the login', async () => {
        await seat.visit('/user');
        await seat.atTenant();
        await control(w, 'down', 'all');
        await page.fill('[name=login]', 'alice');
        await page.click('button', { noWaitAfter: true });
        await assert.rejects(page.waitForURL(/^chrome-error:/),
            /ERR_EMPTY_RESPONSE/);
        await page.waitForURL(/^chrome-error:/).catch(() => {});
        await control(w, 'down');
        await seat.logIn('/user?2');
        await seat.isAt('/user?2');
    });

    if (seat.name === 'code') {
        await seat.tells('the token endpoint is down', async () => {
            await control(w, 'down', '/token');
            await seat.visit('/user');
            await seat.signIn('/user').catch(() => {});
            assert.equal(await heading(page), 'Login not possible now');
            await control(w, 'down');
            await seat.visit('/user');
            await page.waitForURL(`${seat.app}/user`);
            await seat.isAt('/user');
        });
    }
}

async function longTokens(seat) {
    await seat.tells('a token above 4 KB', async () => {
        await seat.logIn('/user', 'manager');
        await seat.isAt('/user', 'manager');
        const pieces = await seat.cookies('__Host-id.');
        assert.ok(pieces.length > 1, `${pieces.length}`);
        await seat.visit('/user?2');
        await seat.isAt('/user?2', 'manager');
    });

    await seat.tells('a token above eight pieces', async () => {
        const { page } = seat;
        await seat.visit('/user');
        await seat.atTenant();
        await page.fill('[name=login]', 'director');
        await page.fill('[name=password]', 'correct horse');
        await page.click('button');
        await page.waitForURL(`${seat.callback}**`);
        assert.match(await page.textContent('p'), /too large/);
        assert.deepEqual(await seat.cookies('__Host-id'), []);
    });
}

async function abandoned(seat) {
    await seat.tells('forty logins are abandoned', async () => {
        for (let i = 0; i < 40; i++) {
            const answer = await seat.visit(`/user?${'x'.repeat(200)}${i}`);
            assert.equal(answer.status(), 200, `${i}`);
            await seat.atTenant();
        }
        assert.ok((await seat.transactions()).length <= 6);
        await seat.logIn('/user');
        await seat.isAt('/user');
    });
}

// The profile's settings as a person would make them for one site.
function blockCookies(dir, host) {
    const folder = join(dir, 'profile', 'Default');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'Preferences'), JSON.stringify({
        profile: { content_settings: { exceptions: { cookies: {
            [`[*.]${host},*`]: { setting: 2 },
        } } } },
    }));
}

async function blockedCookies(seat) {
    await seat.tells('cookies are blocked: a page, not a loop', async () => {
        const { w } = seat;
        const dir = join(w.dir, `blocked-${seat.name}`);
        const { hostname } = new URL(seat.app);
        const context = await openBrowser(dir, w.certs.ca,
            (home) => blockCookies(home, hostname));
        try {
            const [page] = context.pages();
            await seat.visit('/user', page);
            await seat.atTenant(page);
            await page.fill('[name=login]', 'alice');
            await page.fill('[name=password]', 'correct horse');
            await page.click('button');
            await page.waitForURL(`${seat.callback}**`);
            assert.equal(await heading(page), 'Login not completed');
            assert.equal(await page.textContent('a'), 'Begin again');
        } finally {
            await context.close();
        }
    });
}
