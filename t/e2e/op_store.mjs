// Everything the provider remembers. It outlives the Provider object, so that
// sessions and half-done logins survive a key rotation.

const rows = new Map();

export class Store {
    constructor(kind) {
        this.kind = kind;
    }

    key(id) {
        return `${this.kind}:${id}`;
    }

    async upsert(id, payload, expiresIn) {
        const expires = expiresIn ? Date.now() + expiresIn * 1000 : Infinity;
        rows.set(this.key(id), { payload, expires });
    }

    async find(id) {
        const row = rows.get(this.key(id));
        return row && row.expires > Date.now() ? row.payload : undefined;
    }

    async findByUid(uid) {
        for (const [key, { payload, expires }] of rows) {
            if (key.startsWith(`${this.kind}:`) && payload.uid === uid &&
                expires > Date.now()) {
                return payload;
            }
        }
        return undefined;
    }

    async findByUserCode() {
        return undefined;
    }

    async consume(id) {
        const row = rows.get(this.key(id));
        if (row) {
            row.payload.consumed = Math.floor(Date.now() / 1000);
        }
    }

    async destroy(id) {
        rows.delete(this.key(id));
    }

    async revokeByGrantId(grantId) {
        for (const [key, { payload }] of rows) {
            if (payload.grantId === grantId) {
                rows.delete(key);
            }
        }
    }
}
