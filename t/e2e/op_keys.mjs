// The provider's signing keys. The first one signs; all of them are published.

import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

async function newKey() {
    const { privateKey } = await generateKeyPair('RS256',
        { extractable: true, modulusLength: 2048 });
    const jwk = await exportJWK(privateKey);

    jwk.kid = await calculateJwkThumbprint(jwk);
    jwk.alg = 'RS256';
    jwk.use = 'sig';
    return jwk;
}

const lastToFirst = (keys) => [keys.at(-1), ...keys.slice(0, -1)];

export class Keys {
    static async create() {
        const keys = new Keys();
        await keys.replace();
        return keys;
    }

    // The next key is shown before it signs.
    async publish() {
        this.list = [...this.list, await newKey()];
    }

    // The newest key signs from now on, the others stay published.
    promote() {
        this.list = lastToFirst(this.list);
    }

    // Only the signing key stays.
    retire() {
        this.list = this.list.slice(0, 1);
    }

    // Emergency: a new key, and no other.
    async replace() {
        this.list = [await newKey()];
    }

    get kids() {
        return this.list.map((key) => key.kid);
    }
}
