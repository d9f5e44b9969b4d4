// The story told by HTTP alone: the implicit flow followed by hand.

import { Agent } from './agent.mjs';
import { assert } from './count.mjs';
import { request } from './http.mjs';
import { access } from './story_access.mjs';
import { identity } from './story_identity.mjs';
import { logins } from './story_login.mjs';
import { ends, rotation } from './story_time.mjs';
import { cookies, crossOrigin } from './story_web.mjs';

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

    const scene = { w, browsers, login, get, post, fromApi, unreached, alice,
        bob };
    await access(scene);
    await identity(scene);
    await cookies(scene);
    await crossOrigin(scene);
    await rotation(scene);
    await logins(scene);
    await ends(scene);
}
