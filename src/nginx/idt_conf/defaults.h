/*
 * What holds where the configuration says nothing. The comment of each is the
 * README's line "Default"; t/checks/check_docs.py compares them.
 */

#ifndef IDT_CONF_DEFAULTS_H
#define IDT_CONF_DEFAULTS_H


/* of id_token_provider: seconds, but for the timeout */

#define DEFAULT_ALGORITHM     "RS256"               /* algorithms RS256; */
#define DEFAULT_LEEWAY        30                    /* leeway 30s; */
#define DEFAULT_REFRESH       (15 * 60)             /* jwks_refresh 15m; */
#define DEFAULT_MIN_INTERVAL  30                    /* jwks_min_interval 30s; */
#define DEFAULT_MAX_STALE     (24 * 60 * 60)        /* jwks_max_stale 24h; */
#define DEFAULT_TIMEOUT       5000                  /* jwks_timeout 5s; */
#define DEFAULT_MAX_SIZE      (1024 * 1024)         /* jwks_max_size 1m; */
#define DEFAULT_VERIFY_DEPTH  4                     /* ssl_verify_depth 4; */
#define DEFAULT_SCOPE         "openid"              /* scope openid; */

/* of id_token_assertion */

#define DEFAULT_CLAIM         "sub"                 /* claims sub; */
#define DEFAULT_LIFETIME      60                    /* lifetime 60s; */

/* of id_token_revocations */

#define DEFAULT_ZONE_SIZE     (1024 * 1024)         /* zone 1m; */
#define DEFAULT_KEEP          (24 * 60 * 60)        /* keep 24h; */

/* of http and locations */

#define DEFAULT_CACHE_SIZE    (8 * 1024 * 1024)     /* id_token_cache 8m; */
#define DEFAULT_RENEW         20                    /* auth_id_token_renew
                                                       20%; */
#define DEFAULT_LOG_LEVEL     NGX_LOG_INFO          /* id_token_log_level
                                                       info; */
#define DEFAULT_MODE          Mode::enforce         /* auth_id_token_mode
                                                       enforce; */

#endif /* IDT_CONF_DEFAULTS_H */
