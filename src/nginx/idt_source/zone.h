/*
 * A key source, as the files of its implementation see it, and the zone in
 * shared memory that holds its keys for all workers.
 */

#ifndef IDT_SOURCE_ZONE_H
#define IDT_SOURCE_ZONE_H

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "idt_source/source.h"

#include "idt_keys/saved_keys.h"
#include "idt_keys/refresh.h"


/*
 * Attempts are numbered and follow each other: `finished` is `started` or one
 * less. The attempt that runs belongs to the holder of the lease; when the
 * lease is lost, whoever notices takes the same attempt over.
 */

typedef struct {
    /* read in reverse order: the time is never too late for the body */

    std::atomic<uint64_t>            generation;   /* of the body; 0: none */
    std::atomic<int64_t>             fetched_at;   /* ms */

    std::atomic<uint64_t>            started;
    std::atomic<uint64_t>            finished;
    std::atomic<uint64_t>            succeeded;    /* the last that did */

    std::atomic<bool>                save_failed;  /* told, by any worker */

    /* all below under the mutex */

    ngx_pid_t                        owner;        /* of the lease; 0: free */
    int64_t                          lease_until;  /* ms */
    uint64_t                         lease;        /* a number for each */
    ngx_uint_t                       lost;         /* leases, this attempt */

    id_token::RefreshState           refresh;

    ngx_uint_t                       look_up;      /* known addresses failed */

    uint32_t                         error;        /* the last one's hash */
    int64_t                          error_logged; /* ms */

    id_token::Sha256                 origin;
    ngx_uint_t                       torn;         /* half written */
    size_t                           size;
    size_t                           length;
    u_char                           body[];
} ngx_http_auth_id_token_zone_t;


static_assert(std::atomic<uint64_t>::is_always_lock_free
              && std::atomic<int64_t>::is_always_lock_free
              && std::atomic<bool>::is_always_lock_free,
              "atomics in shared memory must not hide a lock");


struct ngx_http_auth_id_token_keys_s {

    /* from the configuration */

    ngx_http_auth_id_token_keys_settings_t   settings;
    id_token::RefreshRules                   rules;     /* ms */
    std::string                              file;      /* or: */
    std::string                              url;
    std::string                              trust;     /* for the digest */
    id_token::Sha256                         origin;
    std::string                              name;      /* of zone and file */
    ngx_str_t                                host;      /* of the URL */
    in_port_t                                port;
    ngx_uint_t                               discovery;
    ngx_uint_t                               needs_tls;
    ngx_http_auth_id_token_fetch_conf_t      fetch_conf;
    ngx_shm_zone_t                          *shm_zone;  /* NULL: a file */
    ngx_uint_t                               number;
    ngx_cycle_t                             *cycle;
    ngx_pool_cleanup_t                      *cleanup;

    ngx_slab_pool_t                         *shpool;
    ngx_http_auth_id_token_zone_t           *zone;

    /* of a worker */

    std::unique_ptr<id_token::KeySet>        set;
    std::unique_ptr<id_token::KeySet>        retired;   /* perhaps in use */
    uint64_t                                 generation; /* of the set */

    ngx_event_t                              timer;
    ngx_event_t                              begin;

    ngx_http_auth_id_token_fetch_t          *fetch;
    ngx_http_auth_id_token_fetch_conf_t      rest_conf;  /* of the 2nd fetch */
    std::string                              fetch_url;
    ngx_uint_t                               fetches;   /* starts and ends */
    ngx_msec_t                               begun;
    uint64_t                                 lease;

    unsigned                                 running:1;
    unsigned                                 leased:1;
};


/* the clock of the zone: monotonic, the same in all workers */

static_assert(sizeof(ngx_msec_t) == sizeof(int64_t),
              "this module needs a 64-bit system: on others the clock of "
              "nginx starts anew after 49 days");

static inline int64_t
ngx_http_auth_id_token_now(void)
{
    return static_cast<int64_t>(ngx_current_msec);
}


static inline std::string
ngx_http_auth_id_token_keys_text(const ngx_str_t &s)
{
    return std::string(reinterpret_cast<const char *>(s.data), s.len);
}


/* share.cc */

ngx_http_auth_id_token_keys_t *ngx_http_auth_id_token_keys_create(
    ngx_conf_t *cf) noexcept;

/* the sources of a cycle, one by one; NULL: the first, or no more */

ngx_http_auth_id_token_keys_t *ngx_http_auth_id_token_keys_next(
    ngx_cycle_t *cycle, ngx_http_auth_id_token_keys_t *keys) noexcept;

/* a number for each key set that a process ever parses */
uint64_t ngx_http_auth_id_token_keys_next_id(void) noexcept;

/* file.cc: what comes from the tenant, cut, safe in a log line */
std::string ngx_http_auth_id_token_keys_quote(std::string_view text);

/* what was passed over in a set; empty if nothing is worth a warning */
std::string ngx_http_auth_id_token_keys_skipped(
    const std::vector<id_token::SkippedKey> &skipped);


/* zone.cc */

class ngx_http_auth_id_token_zone_lock {
public:
    explicit ngx_http_auth_id_token_zone_lock(
        ngx_http_auth_id_token_keys_t *keys) noexcept : pool_(keys->shpool)
    {
        ngx_shmtx_lock(&pool_->mutex);
    }

    ~ngx_http_auth_id_token_zone_lock() { ngx_shmtx_unlock(&pool_->mutex); }

    ngx_http_auth_id_token_zone_lock(
        const ngx_http_auth_id_token_zone_lock &) = delete;
    ngx_http_auth_id_token_zone_lock &operator=(
        const ngx_http_auth_id_token_zone_lock &) = delete;

private:
    ngx_slab_pool_t  *pool_;
};


size_t ngx_http_auth_id_token_zone_size(size_t max_body) noexcept;
ngx_int_t ngx_http_auth_id_token_zone_init(ngx_shm_zone_t *shm_zone,
    void *data) noexcept;

/* a copy of the body, outside of the lock; false: there is none */
bool ngx_http_auth_id_token_zone_read(ngx_http_auth_id_token_keys_t *keys,
    std::string &body, uint64_t *generation);

/* the functions below are for the holder of the lock; none of them throws */

bool ngx_http_auth_id_token_zone_holds(ngx_http_auth_id_token_keys_t *keys,
    std::string_view body) noexcept;
void ngx_http_auth_id_token_zone_write(ngx_http_auth_id_token_keys_t *keys,
    std::string_view body) noexcept;

typedef enum {
    NGX_HTTP_AUTH_ID_TOKEN_LEASE_FREE,   /* nothing runs */
    NGX_HTTP_AUTH_ID_TOKEN_LEASE_HELD,
    NGX_HTTP_AUTH_ID_TOKEN_LEASE_LOST    /* an attempt has no owner any more */
} ngx_http_auth_id_token_lease_e;

ngx_http_auth_id_token_lease_e ngx_http_auth_id_token_zone_lease(
    ngx_http_auth_id_token_keys_t *keys) noexcept;
bool ngx_http_auth_id_token_zone_owns(ngx_http_auth_id_token_keys_t *keys)
    noexcept;

/* begins an attempt, or takes a lost one over */
void ngx_http_auth_id_token_zone_take(ngx_http_auth_id_token_keys_t *keys)
    noexcept;

/* ends the attempt: succeeded, or failed */
void ngx_http_auth_id_token_zone_end(ngx_http_auth_id_token_keys_t *keys,
    bool succeeded) noexcept;


/* saved.cc: the copy on disk */

/* takes the keys from there if the zone has none, else saves what is missing */

void ngx_http_auth_id_token_state_init(ngx_http_auth_id_token_keys_t *keys)
    noexcept;
void ngx_http_auth_id_token_state_save(ngx_http_auth_id_token_keys_t *keys,
    std::string_view document, int64_t fetched_at) noexcept;


/* attempt.cc: one attempt to get the keys */

void ngx_http_auth_id_token_attempt_begin(ngx_event_t *ev) noexcept;


/*
 * With "master_process off" a reload leaves the sources of the former cycle
 * behind, and their zones may be gone already.
 */

static inline bool
ngx_http_auth_id_token_keys_of_former_cycle(ngx_http_auth_id_token_keys_t *keys)
{
    return keys->cycle != ngx_cycle;
}


/* source.cc: kids (kid_id) of the set in the zone that the new one lacks */

std::vector<uint64_t> ngx_http_auth_id_token_keys_withdrawn(
    ngx_http_auth_id_token_keys_t *keys, const id_token::KeySet &set);

/* the timer of a worker, set anew when the schedule has moved */

void ngx_http_auth_id_token_keys_run(ngx_http_auth_id_token_keys_t *keys)
    noexcept;
void ngx_http_auth_id_token_keys_schedule(ngx_http_auth_id_token_keys_t *keys)
    noexcept;
void ngx_http_auth_id_token_keys_stop(ngx_http_auth_id_token_keys_t *keys)
    noexcept;

#endif /* IDT_SOURCE_ZONE_H */
