"""What providers document of their tokens, ID tokens and access tokens side by
side, with invented values; see make_kinds.py.

A row: id, what it is, where it is documented, note, header beside alg and kid,
payload beside iss, aud, sub, exp, iat of ours, reason ("ok" = let in), more
members of the case. OUR_CLIENT stands for our client ID: the worst case is an
application that is its own API, to which every claim that names a client names
our client. Where a provider has no row for an access token, its access tokens
are opaque."""

ID = "ID token"
ACCESS = "access token"
JWT = {"typ": "JWT"}
NONCE = {"nonce": "n-0S6_WzA2Mj"}
NO_SIGN = "equal to an ID token: nothing tells it apart"

AUTH0 = "https://auth0.com/docs/secure/tokens/"
OKTA = "https://developer.okta.com/docs/reference/api/oidc/"
ENTRA = "https://learn.microsoft.com/en-us/entra/identity-platform/"
ENTRA_ID = ENTRA + "id-token-claims-reference"
ENTRA_ACCESS = ENTRA + "access-token-claims-reference"
B2C = "https://learn.microsoft.com/en-us/azure/active-directory-b2c/"
GOOGLE = "https://developers.google.com/identity/openid-connect/openid-connect"
KEYCLOAK = "https://www.keycloak.org/docs/latest/server_admin/"
COGNITO = ("https://docs.aws.amazon.com/cognito/latest/developerguide/"
           "amazon-cognito-user-pools-using-the-")
APPLE = ("https://developer.apple.com/documentation/signinwithapple/"
         "authenticating-users-with-sign-in-with-apple")
FIREBASE = "https://firebase.google.com/docs/auth/admin/verify-id-tokens"
FORGEROCK = "https://backstage.forgerock.com/knowledge/kb/article/a99038127"
FORGEROCK_ACCESS = ("https://confluence.wipo.int/confluence/pages/diffpages."
                    "action?originalId=1256128591&pageId=1256128592")
WSO2 = "https://is.docs.wso2.com/en/5.10.0/learn/self-contained-access-tokens/"
PING = ("https://apidocs.pingidentity.com/pingone/main/v1/api/src/"
        "authentication-concepts/access-tokens-and-id-tokens/token-claims/")
ADFS = ("https://learn.microsoft.com/en-us/windows-server/identity/ad-fs/"
        "development/ad-fs-openid-connect-oauth-concepts")
ZITADEL = "https://zitadel.com/docs/apis/openidoauth/claims"
AUTHENTIK = ("https://github.com/goauthentik/authentik/blob/main/authentik/"
             "providers/oauth2/id_token.py")
GITLAB = "https://docs.gitlab.com/integration/openid_connect_provider/"
UAA = "https://docs.cloudfoundry.org/api/uaa/"
CASDOOR = "https://casdoor.org/docs/token/overview"

OBJECT = {"oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
          "tid": "fa15d692-e9c7-4460-a743-29f2956fd429", "uti": "uYCHU5K0jUqO"}
ENTRA_V1 = {**OBJECT, "nbf": 1700000000, "amr": ["pwd"], "ipaddr": "192.0.2.7",
            "name": "Ann", "unique_name": "ann@contoso.example",
            "upn": "ann@contoso.example", "ver": "1.0"}
ENTRA_V2 = {**OBJECT, "nbf": 1700000000, "aio": "Df2UVXL1ix", "rh": "0.ARoA",
            "name": "Ann", "preferred_username": "ann@contoso.example",
            "ver": "2.0"}
B2C_USER = {"nbf": 1700000000, "auth_time": 1700000000, "ver": "1.0",
            "name": "Ann", "tfp": "B2C_1_sign_in"}
KEYCLOAK_USER = {"auth_time": 1700000000, "jti": "7f0c8a3c", "azp":
                 "OUR_CLIENT", "sid": "0a1b", "acr": "1",
                 "email_verified": True, "preferred_username": "ann"}
COGNITO_USER = {"auth_time": 1700000000, "cognito:groups": ["staff"],
                "origin_jti": "aaaaaaaa", "jti": "bbbbbbbb",
                "event_id": "64f513be"}
FORGEROCK_USER = {"auditTrackingId": "6a8d9c63-27339", "realm": "/alpha",
                  "auth_time": 1700000000}
WSO2_USER = {"nbf": 1700000000, "azp": "OUR_CLIENT", "jti": "96b0e3b1"}
PING_USER = {"sid": "bb2c6d31", "env": "abfba8f6", "org": "bf3a0f0b",
             "p1.rid": "b2cbbdf2"}
ADFS_USER = {"nbf": 1700000000, "auth_time": 1700000000, "ver": "1.0",
             "authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:"
             "PasswordProtectedTransport", "apptype": "Public",
             "appid": "OUR_CLIENT"}
ZITADEL_AUD = {"aud": ["OUR_CLIENT", "2198@portal", "2197"]}
ZITADEL_TRUST = {"trusted_audience": ["any"]}
AUTHENTIK_USER = {"auth_time": 1700000000, "amr": ["pwd"], "sid": "9a3f",
                  "acr": "goauthentik.io/providers/oauth2/default"}
UAA_USER = {"zid": "uaa", "origin": "uaa", "client_id": "OUR_CLIENT",
            "cid": "OUR_CLIENT", "azp": "OUR_CLIENT", "amr": ["pwd"],
            "grant_type": "authorization_code", "rev_sig": "59b8b43a",
            "user_id": "f81d4fae-7dec-11d0", "scope": ["openid"]}

SHAPES = [
    ("auth0-id", "Auth0", AUTH0 + "id-tokens/id-token-structure", ID, JWT,
     {"name": "Ann", "email": "ann@example.com", "email_verified": True,
      "sid": "8fZ", **NONCE}, "ok", {}),
    ("auth0-access", "Auth0", AUTH0 + "access-tokens/access-token-profiles",
     ACCESS, JWT, {"azp": "OUR_CLIENT", "scope": "openid read:orders"},
     "kind", {}),
    ("auth0-access-9068", "Auth0",
     AUTH0 + "access-tokens/access-token-profiles",
     ACCESS + ", profile of RFC 9068", {"typ": "at+jwt"},
     {"client_id": "OUR_CLIENT", "jti": "H4E", "scope": "read:orders"}, "typ",
     {}),
    ("okta-id", "Okta", OKTA, ID, {},
     {"ver": 1, "jti": "ID.4eAWJOCMB3", "amr": ["pwd"], "idp": "00ok1u7Asz",
      "auth_time": 1700000000, "preferred_username": "ann@example.com",
      "at_hash": "fPlsvVszI29LU2Uh"}, "ok", {}),
    ("okta-access", "Okta", OKTA, ACCESS, {},
     {"ver": 1, "jti": "AT.0mP4JKAZX1", "cid": "OUR_CLIENT",
      "uid": "00uid4BxXw6I6", "scp": ["openid", "email"]}, "kind", {}),
    ("okta-access-other", "Okta", OKTA, ACCESS + " of another application", {},
     {"ver": 1, "jti": "AT.0mP4JKAZX1", "cid": "0oa6Other",
      "uid": "00uid4BxXw6I6", **NONCE}, "kind", {}),
    ("entra1-id", "Entra v1", ENTRA_ID, ID, JWT, {**ENTRA_V1, **NONCE}, "ok",
     {}),
    ("entra1-id-code", "Entra v1", ENTRA_ID, ID + " without a nonce", JWT,
     ENTRA_V1, "ok", {}),
    ("entra1-access", "Entra v1", ENTRA_ACCESS, ACCESS, JWT,
     {**ENTRA_V1, "acr": "1", "appid": "OUR_CLIENT", "appidacr": "1",
      "scp": "user_impersonation"}, "kind", {}),
    ("entra1-access-app", "Entra v1", ENTRA_ACCESS,
     ACCESS + " of a machine", JWT,
     {**OBJECT, "nbf": 1700000000, "appid": "OUR_CLIENT", "appidacr": "1",
      "roles": ["Read.All"], "ver": "1.0"}, "kind", {}),
    ("entra1-access-other", "Entra v1", ENTRA_ACCESS,
     ACCESS + " of another application", JWT,
     {**OBJECT, "nbf": 1700000000, "ver": "1.0",
      "appid": "15cb020f-3984-482a-864d-1d92265e8268"}, "kind", {}),
    ("entra2-id", "Entra v2", ENTRA_ID, ID, JWT, {**ENTRA_V2, **NONCE}, "ok",
     {}),
    ("entra2-access", "Entra v2", ENTRA_ACCESS, ACCESS, JWT,
     {**ENTRA_V2, "azp": "OUR_CLIENT", "azpacr": "0", "scp": "orders.read"},
     "kind", {}),
    ("entra2-access-app", "Entra v2", ENTRA_ACCESS, ACCESS + " of a machine",
     JWT, {**OBJECT, "azp": "OUR_CLIENT", "idtyp": "app",
           "roles": ["Read.All"], "ver": "2.0"}, "kind", {}),
    ("b2c-id", "Azure AD B2C", B2C + "tokens-overview", ID, JWT,
     {**B2C_USER, **NONCE}, "ok", {}),
    ("b2c-access", "Azure AD B2C", B2C + "access-tokens", ACCESS, JWT,
     {**B2C_USER, "azp": "OUR_CLIENT", "scp": "read"}, "kind", {}),
    ("google-id", "Google", GOOGLE, ID, JWT,
     {"azp": "OUR_CLIENT", "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
      "hd": "example.com", "email": "ann@example.com",
      "email_verified": "true", **NONCE}, "ok", {}),
    ("google-id-phone", "Google", GOOGLE,
     ID + " that the application of a phone asked for", JWT,
     {"azp": "1234-phone.apps.googleusercontent.com", "email_verified": True},
     "ok", {"authorized_party": ["1234-phone.apps.googleusercontent.com"]}),
    ("google-id-stranger", "Google", GOOGLE,
     ID + " that another client asked for", JWT,
     {"azp": "6789-other.apps.googleusercontent.com", "email_verified": True},
     "azp", {"authorized_party": ["1234-phone.apps.googleusercontent.com"]}),
    ("keycloak-id", "Keycloak", KEYCLOAK, ID, JWT,
     {**KEYCLOAK_USER, "typ": "ID", "at_hash": "8aHH", **NONCE}, "ok", {}),
    ("keycloak-access", "Keycloak", KEYCLOAK, ACCESS, JWT,
     {**KEYCLOAK_USER, "typ": "Bearer", "scope": "openid email",
      "realm_access": {"roles": ["user"]}, **NONCE}, "kind", {}),
    ("keycloak-refresh", "Keycloak", KEYCLOAK, "refresh token", JWT,
     {**KEYCLOAK_USER, "typ": "Refresh", "scope": "openid email", **NONCE},
     "kind", {}),
    ("cognito-id", "Cognito", COGNITO + "id-token.html", ID, {},
     {**COGNITO_USER, "token_use": "id", "cognito:username": "ann",
      "email_verified": True}, "ok", {}),
    ("cognito-access", "Cognito", COGNITO + "access-token.html", ACCESS, {},
     {**COGNITO_USER, "token_use": "access", "username": "ann",
      "client_id": "OUR_CLIENT", "version": 2,
      "scope": "openid aws.cognito.signin.user.admin"}, "kind", {}),
    ("apple-id", "Apple", APPLE, ID, {},
     {"at_hash": "dGhpcyBpcyBhIHRl", "email": "ann@privaterelay.appleid.com",
      "email_verified": "true", "is_private_email": "true",
      "auth_time": 1700000000, "nonce_supported": True, **NONCE}, "ok", {}),
    ("firebase-id", "Firebase", FIREBASE, ID, JWT,
     {"auth_time": 1700000000, "user_id": "f81d4fae-7dec-11d0",
      "email": "ann@example.com", "email_verified": False,
      "firebase": {"identities": {"email": ["ann@example.com"]},
                   "sign_in_provider": "password"}}, "ok", {}),
    ("forgerock-id", "ForgeRock AM", FORGEROCK, ID, JWT,
     {**FORGEROCK_USER, "tokenName": "id_token", "tokenType": "JWTToken",
      "azp": "OUR_CLIENT", "acr": "0", "at_hash": "PtgPFhutEQ4e",
      "c_hash": "t8R_lQDDmeQR",
      "org.forgerock.openidconnect.ops": "5-kDQ_4m8Xue"}, "ok", {}),
    ("forgerock-access", "ForgeRock AM", FORGEROCK_ACCESS, ACCESS, JWT,
     {**FORGEROCK_USER, "tokenName": "access_token", "token_type": "Bearer",
      "cts": "OAUTH2_STATELESS_GRANT", "authGrantId": "nJ8nhylC8Kx9",
      "nbf": 1700000000, "grant_type": "authorization_code",
      "scope": ["openid"], "expires_in": 3600, "jti": "roG8mqa8", **NONCE},
     "kind", {}),
    ("wso2-id", "WSO2 Identity Server", WSO2, ID, {},
     {**WSO2_USER, "amr": ["BasicAuthenticator"], "at_hash": "C2Fk",
      "c_hash": "vPSd", "sid": "0f1e"}, "ok", {}),
    ("wso2-access", "WSO2 Identity Server", WSO2, ACCESS, {"typ": "at+jwt"},
     {**WSO2_USER, "aut": "APPLICATION_USER", "client_id": "OUR_CLIENT",
      "scope": "openid"}, "typ", {}),
    ("wso2-access-jwt", "WSO2 Identity Server", WSO2,
     ACCESS + " of older versions", {},
     {**WSO2_USER, "aut": "APPLICATION_USER", "scope": "openid"}, "kind", {}),
    ("ping-id", "PingOne", PING, ID, {},
     {**PING_USER, "acr": "Single_Factor", "amr": ["pwd"],
      "auth_time": 1700000000, "at_hash": "_2BtP"}, "ok", {}),
    ("ping-access", "PingOne", PING, ACCESS, {},
     {**PING_USER, "client_id": "OUR_CLIENT", "scope": "openid orders"},
     "kind", {}),
    ("adfs-id", "AD FS", ADFS, ID, JWT,
     {**ADFS_USER, "upn": "ann@contoso.example", "sid": "S-1-5-21-1",
      "unique_name": "CONTOSO\\ann", "scp": "openid", **NONCE}, "ok", {}),
    ("adfs-access", "AD FS", ADFS, ACCESS, JWT, {**ADFS_USER, "scp": "openid"},
     "kind", {}),
    ("zitadel-id", "ZITADEL", ZITADEL, ID, {},
     {**ZITADEL_AUD, "azp": "OUR_CLIENT", "client_id": "OUR_CLIENT",
      "amr": ["pwd"], "auth_time": 1700000000, "at_hash": "3yNq"}, "ok",
     ZITADEL_TRUST),
    ("zitadel-access-other", "ZITADEL", ZITADEL,
     ACCESS + " of another application of the project", {},
     {**ZITADEL_AUD, "azp": "2198@portal", "client_id": "2198@portal",
      "jti": "2199", "nbf": 1700000000}, "azp", ZITADEL_TRUST),
    ("zitadel-access", "ZITADEL", ZITADEL, NO_SIGN, {},
     {**ZITADEL_AUD, "azp": "OUR_CLIENT", "client_id": "OUR_CLIENT",
      "jti": "2199", "nbf": 1700000000}, "kind", ZITADEL_TRUST),
    ("authentik-id", "authentik", AUTHENTIK, ID, JWT,
     {**AUTHENTIK_USER, "at_hash": "vT1u", **NONCE}, "ok", {}),
    ("authentik-access", "authentik", AUTHENTIK, NO_SIGN, JWT,
     {**AUTHENTIK_USER, "azp": "OUR_CLIENT", "uid": "Bq5v"}, "kind", {}),
    ("gitlab-id", "GitLab", GITLAB, ID, JWT,
     {"auth_time": 1700000000, "sub_legacy": "a1b2", "name": "Ann",
      "nickname": "ann", "groups_direct": ["team"],
      "https://gitlab.org/claims/groups/owner": ["team"]}, "ok", {}),
    ("uaa-id", "Cloud Foundry UAA", UAA, ID, JWT, {**UAA_USER, **NONCE}, "ok",
     {}),
    ("uaa-id-no-nonce", "Cloud Foundry UAA", UAA,
     ID + " without a nonce, which its access tokens look like", JWT, UAA_USER,
     "kind", {}),
    ("uaa-access", "Cloud Foundry UAA", UAA, ACCESS, JWT,
     {**UAA_USER, "scope": ["openid", "orders.read"],
      "authorities": ["uaa.none"]}, "kind", {}),
    ("casdoor-id", "Casdoor", CASDOOR, ID, JWT,
     {"azp": "OUR_CLIENT", "scope": "openid", "tokenType": "access-token",
      **NONCE}, "ok", {}),
    ("casdoor-access", "Casdoor", CASDOOR, NO_SIGN, JWT,
     {"azp": "OUR_CLIENT", "scope": "openid", "tokenType": "access-token",
      **NONCE}, "kind", {}),
]
