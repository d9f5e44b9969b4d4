// main.mjs STORY...: tells the stories and counts their steps.

import { join } from 'node:path';

import { failed, skip, summary } from './count.mjs';
import { startWorld, stopWorld } from './world.mjs';

const { BUILD, MODULE, NGINX_BIN } = process.env;

// A file may export prepare(dir), which says what is missing for its story or
// gives further settings for its world.
const files = {
    http: './story.mjs',
    second: './second.mjs',
    browser: './browser.mjs',
    recipes: './recipes.mjs',
    login: './login.mjs',
};

async function tell(name) {
    const dir = join(BUILD, 'e2e', name);
    const { story, prepare } = await import(files[name]);
    const ready = await prepare?.(dir) ?? {};
    if (ready.missing) {
        skip(`${name} story`, ready.missing);
        return;
    }

    const world = await startWorld({ dir, nginxBin: NGINX_BIN, module: MODULE,
        ...ready });
    try {
        await story(world);
    } finally {
        await stopWorld(world);
    }
}

for (const name of process.argv.slice(2)) {
    console.log(`# ${name}`);
    await tell(name).catch((error) => failed(`${name} story`, error));
}
process.exit(summary() ? 0 : 1);
