/*
 * Key sources: where the keys of a provider come from, the shared zone that
 * holds them for all workers, the lease under which one worker fetches, the
 * state directory.
 */

#ifndef IDT_SOURCE_SOURCE_H
#define IDT_SOURCE_SOURCE_H

#include "idt_glue/ngx.h"

#include <optional>
#include <string>

#include "idt_jose/jwks.h"
#include "idt_keys/demand.h"
#include "idt_fetch/fetch.h"
#include "idt_login/endpoints.h"
#include "idt_metrics/status.h"


namespace id_token::nginx {


typedef struct key_source_s  key_source_t;


/* what a provider says of its keys */

typedef struct {
    ngx_str_t    provider;     /* for messages */
    ngx_str_t    issuer;
    ngx_str_t    jwks_uri;     /* empty: discovery */
    ngx_flag_t   insecure;
    trust_t      trust;
    ngx_str_t    proxy_host;   /* empty: none */
    in_port_t    proxy_port;
    ngx_str_t    proxy_file;   /* of its credentials; empty: none */
    ngx_array_t *fields;       /* added_field_t; NULL: none */
    time_t       refresh;      /* seconds */
    time_t       min_interval;
    time_t       max_stale;
    ngx_msec_t   timeout;
    size_t       max_size;
    ngx_path_t  *state;        /* NULL: none */
    u_char      *file;         /* where it was written */
    ngx_uint_t   line;
} key_source_conf_t;


/*
 * Configuration time. A source with the same issuer, URL, trust, proxy and
 * credentials is shared; of different times the more careful ones count: the
 * smaller refresh and max_stale, the larger min_interval, timeout and
 * max_size. Whether plain http will do is judged here. NULL: the error
 * has been logged with [emerg], file, line and the word at fault.
 *
 * add_file: the set is read, parsed and checked here, once per path.
 */

key_source_t *keys_add(ngx_conf_t *cf, const key_source_conf_t *settings);
key_source_t *keys_add_file(ngx_conf_t *cf, ngx_str_t *path);

/* whether a key of a file fits one of the algorithms */
ngx_uint_t keys_file_fits(key_source_t *keys, const AlgorithmSet &allowed)
    noexcept;

/* Postconfiguration: zones, host names, TLS contexts. */
ngx_int_t keys_init(ngx_conf_t *cf);

/*
 * Who is to be told that an attempt has ended or that a key set is made. The
 * handler is for keys_init_process(): it may let requests run.
 */
typedef void (*keys_changed_pt)(key_source_t *keys) noexcept;

void keys_on_change(keys_changed_pt handler) noexcept;

/* Workers only (the caller checks ngx_process), after keys_on_change(). */
ngx_int_t keys_init_process(ngx_cycle_t *cycle) noexcept;
void keys_exit_process(ngx_cycle_t *cycle) noexcept;


/*
 * Run time. The keys to judge with now: one atomic load when nothing has
 * changed. When the generation moved, the new set is made in steps, the first
 * of them here, which is enough for some thirty keys; until it is done, some
 * tens of milliseconds for 2,000 keys, the former one counts. NULL: none yet,
 * or none any more (older than max_stale). The pointer is valid until control
 * returns to the event loop.
 */

KeySet *use_keys(key_source_t *keys) noexcept;


/*
 * What discovery says of logins, as old as the keys at most; nullptr: none yet,
 * none any more, or there is no discovery. Valid until control returns to the
 * event loop.
 */

const Endpoints *use_endpoints(key_source_t *keys) noexcept;

/* The rules of its fetches, for a request to the same tenant. */

fetch_conf_t token_fetch_conf(key_source_t *keys);


/* What id_token_status shows of it. Throws std::bad_alloc. */

void keys_show(key_source_t *keys, SourceStatus &status);

/* the sources of a cycle, one by one; NULL: the first, or no more */

key_source_t *keys_next(ngx_cycle_t *cycle, key_source_t *keys) noexcept;


/* Asking for a fetch, for a request that cannot be judged otherwise. */

enum class Want : unsigned {
    no_keys,        /* there is no key set */
    unknown_kid,    /* none of the set has it */
    replaced_key,   /* that of the set does not fit the signature */
    endpoints       /* a login cannot begin without them */
};

enum class Grant : unsigned {
    newer,    /* keys have come since: judge again */
    wait,     /* for `attempt` */
    later,    /* not judged: come again after keys_retry_after() */
    judged    /* nothing newer is to be had: the verdict stands */
};

/* what is kept with a request from one question to the next; zeroed before */

typedef struct {
    key_source_t  *keys;        /* that was asked for */
    uint64_t       kid;         /* keys_kid(), for unknown_kid */
    Presented      presented;
} question_t;

/* what is remembered of the whole kid; none: the token names no key */
uint64_t keys_kid(key_source_t *keys, const std::optional<std::string> &kid)
    noexcept;

Grant keys_ask(key_source_t *keys, Want want, question_t *question,
    uint64_t *attempt) noexcept;

/* How an attempt stands; its worker may be another one, or have died. */

enum class Attempt : unsigned {
    pending,
    succeeded,    /* also: the set did not change */
    failed
};

Attempt poll_attempt(key_source_t *keys, uint64_t attempt) noexcept;

/* Seconds after which a client may try again: for Retry-After, 1 at least. */
time_t keys_retry_after(key_source_t *keys) noexcept;

/* The longest that a request may wait for an attempt. */
ngx_msec_t keys_timeout(key_source_t *keys) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_SOURCE_SOURCE_H */
