// Named steps of the story, counted. A step that throws has failed; the story
// goes on.

import assert from 'node:assert/strict';

const counts = { passed: 0, failed: 0, skipped: 0 };

export { assert };

export async function step(name, body, { onFailure } = {}) {
    try {
        await body();
        counts.passed++;
        console.log(`ok - ${name}`);
    } catch (error) {
        counts.failed++;
        console.log(`not ok - ${name}`);
        console.log(String(error.stack ?? error).replace(/^/gm, '    '));
        await onFailure?.(name);
    }
}

export function skip(name, why) {
    counts.skipped++;
    console.log(`skipped - ${name}: ${why}`);
}

export function failed(name, error) {
    counts.failed++;
    console.log(`not ok - ${name}`);
    console.log(String(error.stack ?? error).replace(/^/gm, '    '));
}

export function summary() {
    const { passed, failed, skipped } = counts;
    console.log(`e2e: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    return failed === 0;
}
