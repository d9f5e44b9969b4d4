// What oidc-provider 9 and jose 6 use and Node.js 18, as Debian 12 has it,
// lacks: node --import ./node18.mjs --experimental-global-webcrypto.

import { register } from 'node:module';

URL.parse ??= (url, base) => {
    try {
        return new URL(url, base);
    } catch {
        return null;
    }
};

register('./node18_hooks.mjs', import.meta.url);
