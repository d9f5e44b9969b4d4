// Gives whoever imports node:crypto one with the function "hash".

const wrapper = `
import { createHash } from 'node:crypto';
export * from 'node:crypto';
export { default } from 'node:crypto';
export function hash(algorithm, data, encoding = 'hex') {
    const digest = createHash(algorithm).update(data);
    return encoding === 'buffer' ? digest.digest() : digest.digest(encoding);
}
`;
const url = `data:text/javascript,${encodeURIComponent(wrapper)}`;

export function resolve(specifier, context, next) {
    if (specifier === 'node:crypto' && context.parentURL !== url) {
        return { url, shortCircuit: true };
    }
    return next(specifier, context);
}
