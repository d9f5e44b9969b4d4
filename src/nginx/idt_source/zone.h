/*
 * A key source, as the files of its implementation see it, and the zone in
 * shared memory that holds its keys for all workers.
 */

#ifndef IDT_SOURCE_ZONE_H
#define IDT_SOURCE_ZONE_H

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "idt_source/source.h"

#include "idt_keys/demand.h"
#include "idt_keys/lease.h"
#include "idt_keys/refresh.h"
#include "idt_keys/saved_keys.h"
#include "idt_keys/tally.h"


namespace id_token::nginx {


/*
 * Attempts are numbered and follow each other: `finished` is `started` or one
 * less. The attempt that runs belongs to the holder of the lease; when the
 * lease is lost, whoever notices takes the same attempt over.
 */

/* three URLs are seldom longer than 300 bytes */

#define MAX_ENDPOINTS  4096


typedef struct {
    /* read in reverse order: the time is never too late for the body */

    std::atomic<uint64_t>  generation;   /* of the body; 0: none */
    std::atomic<int64_t>   fetched_at;   /* ms */

    std::atomic<uint64_t>  started;
    std::atomic<uint64_t>  finished;
    std::atomic<uint64_t>  succeeded;    /* the last that did */

    std::atomic<bool>      save_failed;  /* told, by any worker */

    /* all below under the mutex */

    id_token::Lease        lease;
    RefreshState           refresh;
    Demand                 demand;
    Tally                  put_off;      /* requests, told to come again */

    ngx_uint_t             look_up;      /* known addresses failed */
    AddressMemory          known;        /* which one to try first */

    uint32_t               error_hash;   /* the last one's hash */
    int64_t                error_logged; /* ms */

    /* for id_token_status */
    uint64_t               fetches_good;
    uint64_t               fetches_failed;
    int64_t                last_error_at; /* ms */
    char                   last_error[256]; /* empty: none */

    /* what discovery says of logins; the number changes with it, 0: none */
    std::atomic<uint64_t>  endpoints_number;
    size_t                 endpoints_length;
    u_char                 endpoints[MAX_ENDPOINTS];

    Sha256                 origin;

    /*
     * Two bodies, in turn: that of a generation is whole before its number is
     * there, and stays so while the next one is written, whoever is killed.
     */

    size_t                 size;         /* of each */
    size_t                 length[2];
    u_char                 body[];
} zone_t;


static_assert(std::atomic<uint64_t>::is_always_lock_free
              && std::atomic<int64_t>::is_always_lock_free
              && std::atomic<bool>::is_always_lock_free,
              "atomics in shared memory must not hide a lock");


/* a key set that is being made */

typedef void (*making_done_pt)(key_source_t *keys,
    KeySetBuilder::Progress progress) noexcept;

struct making_t {
    making_t(key_source_t *source, std::string_view document,
        making_done_pt handler);

    ~making_t()
    {
        if (event.posted) {
            ngx_delete_posted_event(&event);
        }
    }

    making_t(const making_t &) = delete;
    making_t &operator=(const making_t &) = delete;

    key_source_t    *keys;
    making_done_pt   done;
    KeySetBuilder    builder;
    ngx_event_t      event = {};           /* posted: the next step */
    bool             no_memory = false;

    uint64_t         generation = 0;       /* of the zone; or of an answer: */
    std::string      cache_control;
    time_t           age = 0;
};


struct key_source_s {

    /* from the configuration */

    key_source_conf_t        settings;
    RefreshRules             rules;     /* ms */
    std::string              file;      /* or: */
    std::string              url;
    Url                      server;    /* that the URL names */
    std::string              trust;     /* for the digest */
    Sha256                   origin;
    std::string              name;      /* of zone and file */
    ngx_str_t                host;      /* of the URL */
    in_port_t                port;
    ngx_uint_t               discovery;
    ngx_uint_t               needs_tls;
    fetch_conf_t             fetch_conf;
    ngx_shm_zone_t          *shm_zone;  /* NULL: a file */
    ngx_uint_t               number;
    ngx_cycle_t             *cycle;
    ngx_pool_cleanup_t      *cleanup;

    ngx_slab_pool_t         *shpool;
    zone_t                  *zone;

    /* of a worker */

    std::unique_ptr<KeySet>  set;
    std::unique_ptr<KeySet>  retired;   /* perhaps in use */
    uint64_t                 generation; /* of the set */
    std::unique_ptr<making_t>  making;   /* of the zone's generation */
    std::unique_ptr<making_t>  answered; /* of a key server */
    std::optional<Endpoints> endpoints;
    uint64_t                 endpoints_number;

    ngx_event_t              timer;
    ngx_event_t              begin;

    fetch_t                 *fetch;
    fetch_conf_t             rest_conf;  /* of the 2nd fetch */
    std::string              fetch_url;
    ngx_uint_t               fetches;   /* starts and ends */
    ngx_msec_t               begun;
    uint64_t                 lease;

    void                   (*stop)(key_source_t *keys) noexcept; /* if it
                                                                    runs */
    unsigned                 running:1;
    unsigned                 leased:1;
};


/* registry.cc */

key_source_t *keys_create(ngx_conf_t *cf) noexcept;

/* a number for each key set that a process ever parses */
uint64_t keys_next_id(void) noexcept;

/* an attempt has ended, or a set is made: tells whoever waits for it */
void keys_changed(key_source_t *keys) noexcept;

/* report.cc: what comes from the tenant, cut, safe in a log line */
std::string keys_quote(std::string_view text);

/* what was passed over in a set; empty if nothing is worth a warning */
std::string keys_skipped(const std::vector<SkippedKey> &skipped);

/* after a good fetch; `nkeys`: of a new set */
void keys_report(key_source_t *keys, size_t nkeys, ngx_uint_t failures,
    const std::string &skipped) noexcept;

/* after one that failed; `again`: ms until the next attempt */
void keys_report_failure(key_source_t *keys, std::string_view why,
    ngx_uint_t failures, int64_t now, int64_t again) noexcept;


/* zone.cc */

class zone_lock {
public:
    explicit zone_lock(
        key_source_t *keys) noexcept : pool_(keys->shpool)
    {
        ngx_shmtx_lock(&pool_->mutex);
    }

    ~zone_lock() { ngx_shmtx_unlock(&pool_->mutex); }

    zone_lock(const zone_lock &) = delete;
    zone_lock &operator=(const zone_lock &) = delete;

private:
    ngx_slab_pool_t  *pool_;
};


/*
 * The clock of the zone, ms: it never goes back, is the same in all workers,
 * and counts the time in which the machine slept, when keys get older, too.
 */
int64_t zone_now(void) noexcept;

size_t zone_size(size_t max_body) noexcept;
ngx_int_t zone_init(ngx_shm_zone_t *shm_zone, void *data) noexcept;

/* body.cc: that of a generation */
u_char *zone_body(zone_t *zone, uint64_t generation) noexcept;

/* a copy of the body, outside of the lock; false: there is none */
bool zone_read(key_source_t *keys, std::string &body, uint64_t *generation);

/* the functions below are for the holder of the lock; none of them throws */

bool zone_holds(key_source_t *keys, std::string_view body) noexcept;
void zone_write(key_source_t *keys, std::string_view body) noexcept;

/* lease.cc */

/* an attempt that has lost its owner is taken over; whether one is under way */
bool zone_pursue(key_source_t *keys) noexcept;
bool zone_owns(key_source_t *keys) noexcept;

/* begins an attempt */
void zone_begin(key_source_t *keys) noexcept;

/* ends it; succeeded() and failed() of the schedule are for the caller */
void zone_end(key_source_t *keys) noexcept;


/* for the holder of the lock */

void zone_write_endpoints(zone_t *zone, std::string_view packed) noexcept;

/* takes over what the zone of the former cycle has */
void zone_inherit_endpoints(zone_t *zone, const zone_t *from) noexcept;


/* saved.cc: the copy on disk */

#define SAVED_TEMPORARY  ".tmp"      /* and the pid, behind the name */

/* directory.cc: makes it, in the master; sweeps what killed workers left */

ngx_int_t saved_prepare(key_source_t *keys) noexcept;
void saved_sweep(key_source_t *keys) noexcept;

/* takes the keys from there if the zone has none, else saves what is missing */

void saved_init(key_source_t *keys) noexcept;
void saved_store(key_source_t *keys, std::string_view document,
    int64_t fetched_at) noexcept;


/* attempt.cc: one attempt to get the keys */

void attempt_begin(ngx_event_t *ev) noexcept;

/*
 * outcome.cc: how it ended. `made`: a new set; without it, the one that the
 * zone holds has come again. The first may throw std::bad_alloc.
 */

void attempt_take(key_source_t *keys, making_t *made,
    std::string_view document, std::string_view cache_control, time_t age);
void attempt_failed(key_source_t *keys, std::string_view why,
    bool unreachable = false) noexcept;


/*
 * With "master_process off" a reload leaves the sources of the former cycle
 * behind, and their zones may be gone already.
 */

static inline bool
keys_of_former_cycle(key_source_t *keys)
{
    return keys->cycle != ngx_cycle;
}


/*
 * making.cc: the next step; then `done` is called, which takes it away. And the
 * set of the zone's generation: at once, or step by step while keys->making.
 */

void making_step(making_t *making) noexcept;
void keys_catch_up(key_source_t *keys) noexcept;


/* schedule.cc */

/* how often a worker looks at an attempt of another one, ms */
#define LOOK_AGAIN  500

/* ms until there is something to do; for the holder of the lock */
int64_t keys_delay(key_source_t *keys, int64_t now) noexcept;

/* sets the timer; of a source that does not run, there is none */
void keys_after(key_source_t *keys, int64_t delay) noexcept;

/* sets it anew when the schedule has moved */
void keys_schedule(key_source_t *keys) noexcept;

void keys_timer(ngx_event_t *ev) noexcept;

/* to be called now and then by whoever knows of something to tell */
void keys_tell(key_source_t *keys) noexcept;


/* source.cc: the timer of a worker; the lease is given back */

void keys_run(key_source_t *keys) noexcept;
void keys_stop(key_source_t *keys) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_SOURCE_ZONE_H */
