// The tenant's people. All share one password; what they may do is known to
// the application alone, as far as it is not in "groups".

export const PASSWORD = 'correct horse';

const groups = (length) => Array.from({ length },
    (_, i) => `department-${i}-readers`);

export const users = {
    alice: { name: 'Alice', groups: ['staff', 'admins'] },
    bob: { name: 'Bob', groups: ['staff'] },
    stranger: { name: 'Nobody the API knows', groups: ['staff'] },
    eve: {
        name: 'Eve\r\nX-OIDC-Sub: alice',
        groups: ['staff\r\nX-OIDC-Sub: alice'],
    },
    manager: { name: 'Manager', groups: groups(300) },
    // More than the cookies of a session hold.
    director: { name: 'Director', groups: groups(1400) },
};

export function claimsOf(login) {
    const user = users[login];
    return {
        sub: login,
        email: `${login}@example.com`,
        email_verified: true,
        ...user,
    };
}
